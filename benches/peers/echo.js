// An echo client for k6, with its built-in `k6/ws`: the faster of its two WebSocket modules (1.1.0).
import ws from 'k6/ws';
import { Trend } from 'k6/metrics';

const { URL, SOCKETS, RAMP, SECONDS, PACE, SUMMARY } = __ENV;
const RAMP_MS = Number(RAMP) * 1000;
const LASTS_MS = Number(SECONDS) * 1000;
const THINK_MS = 50;
const HEARTBEAT_MS = 30000;

const echo = new Trend('echo', true);

export const options = {
  scenarios: {
    echo: { executor: 'per-vu-iterations', vus: Number(SOCKETS), iterations: 1, maxDuration: '10m' },
  },
  summaryTrendStats: ['p(99)'],
};

// When all have joined.
export function setup() {
  return Date.now() + RAMP_MS;
}

export default function (begin) {
  const topic = `lab:${__VU}`;
  ws.connect(`${URL}?vsn=2.0.0`, null, (socket) => {
    let ref = 0;
    let sent = 0;
    const send = (event, payload) => socket.send(JSON.stringify(['0', String(ref), topic, event, payload]));
    const push = () => {
      ref += 1;
      sent = Date.now();
      send('echo', { seq: ref });
    };
    const joined = () => {
      if (PACE !== 'idle') socket.setTimeout(push, Math.max(1, begin - Date.now()));
    };
    const answered = () => {
      if (PACE === 'echo') return push();
      echo.add(Date.now() - sent);
      socket.setTimeout(push, THINK_MS);
    };
    socket.on('open', () => send('phx_join', {}));
    socket.on('message', (text) => {
      const [, answers, , event, { status }] = JSON.parse(text);
      if (event === 'phx_reply' && answers === String(ref) && status === 'ok') ref > 0 ? answered() : joined();
    });
    socket.setInterval(
      () => socket.send(JSON.stringify([null, 'beat', 'phoenix', 'heartbeat', {}])),
      HEARTBEAT_MS,
    );
    socket.setTimeout(() => socket.close(), begin - Date.now() + LASTS_MS);
  });
}

export function handleSummary(data) {
  return { [SUMMARY]: JSON.stringify(data) };
}
