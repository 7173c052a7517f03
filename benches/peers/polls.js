// An echo client over long poll for k6, with `k6/http`: a virtual user posts a push and polls for its reply.
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const { URL, SOCKETS, RAMP, SECONDS, PACE, SUMMARY } = __ENV;
const RAMP_MS = Number(RAMP) * 1000;
const LASTS_MS = Number(SECONDS) * 1000;
const THINK_S = 0.05;

const echo = new Trend('echo', true);
const echoes = new Counter('echoes');

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

// The JSON of an answer with one of these statuses; a client that is answered otherwise counts nothing.
function taken(response, statuses) {
  const answer = response.json();
  if (!statuses.includes(answer.status)) throw new Error(response.body);
  return answer;
}

export default function (begin) {
  const end = begin + LASTS_MS;
  const url = `${URL}?vsn=2.0.0`;
  const topic = `lab:${__VU}`;
  const { token } = http.get(url).json();
  const polls = { headers: { 'x-phoenix-longpoll-token': token } };
  const posts = { headers: { 'x-phoenix-longpoll-token': token, 'content-type': 'application/x-ndjson' } };
  let ref = 0;
  const poll = () => taken(http.get(url, polls), [200, 204]);
  const roundTrip = (event) => {
    const own = String(ref);
    taken(http.post(url, JSON.stringify(['0', own, topic, event, { seq: ref }]), posts), [200]);
    ref += 1;
    for (;;) {
      for (const text of poll().messages) {
        const [, answers, , what, { status }] = JSON.parse(text);
        if (what === 'phx_reply' && answers === own && status === 'ok') return;
      }
    }
  };
  roundTrip('phx_join');
  if (PACE === 'idle') {
    while (Date.now() < end) poll();
    return;
  }
  sleep(Math.max(0, begin - Date.now()) / 1000);
  while (Date.now() < end) {
    const sent = Date.now();
    roundTrip('echo');
    echoes.add(1);
    if (PACE === 'think') {
      echo.add(Date.now() - sent);
      sleep(THINK_S);
    }
  }
}

export function handleSummary(data) {
  return { [SUMMARY]: JSON.stringify(data) };
}
