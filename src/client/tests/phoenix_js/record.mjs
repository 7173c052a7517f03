// Records what phoenix.js itself does in made-up sessions, for tests/phoenix_js.rs to compare the machine with.
// Usage: node record.mjs node_modules/phoenix/priv/static/phoenix.mjs SESSIONS SEED > sessions.txt
//
// One line is one thing: the time in ms, `do` (what user, server and network did) or `out` (what phoenix.js did),
// and what. Time is faked, the WebSocket too; callbacks are hung in without the refs that registering would take.
import {pathToFileURL} from "node:url"
import {resolve} from "node:path"

const [phoenix, sessions, firstSeed] = process.argv.slice(2)

let now = 0
let timers = []
let timerCount = 0
globalThis.setTimeout = (callback, delay) => {
  const timer = {callback, at: now + delay, order: timerCount++}
  timers.push(timer)
  return timer
}
globalThis.clearTimeout = timer => { timers = timers.filter(other => other !== timer) }
const advance = until => {
  for(;;){
    const due = timers.filter(t => t.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0]
    if(!due){ break }
    clearTimeout(due)
    now = due.at
    due.callback()
  }
  now = until
}

let conn = null
let sent = []
const log = (kind, ...words) => console.log([now, kind, ...words].join(" "))

class FakeWebSocket {
  constructor(){
    this.readyState = 0
    conn = this
    log("out", "connect")
  }
  send(text){
    sent.push(JSON.parse(text))
    log("out", "send", text)
  }
  close(code, reason){
    if(this.readyState >= 2){ return }
    log("out", code ? `close ${code} ${reason}` : "close")
    const byUser = !code
    this.readyState = 2
    if(byUser){ this.end() }
  }
  end(){
    this.readyState = 3
    this.onclose({code: 1006})
  }
}
globalThis.WebSocket = FakeWebSocket
const {Socket} = await import(pathToFileURL(resolve(phoenix)))

const random = seed => () => {
  seed = (seed + 0x6D2B79F5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const session = seed => {
  const chance = random(seed)
  const below = n => Math.floor(chance() * n)
  const pick = list => list[below(list.length)]
  now = 0
  timers = []
  sent = []
  conn = null
  console.log(`session ${seed}`)
  const socket = new Socket("ws://server/socket")
  socket.stateChangeCallbacks.open.push([null, () => log("out", "opened")])
  const channels = []
  const answered = new Set()
  let pushes = 0

  const join = () => {
    const topic = pick(["room:1", "room:2"])
    const k = channels.length
    log("do", "join", topic)
    const channel = socket.channel(topic, {k})
    channels.push(channel)
    channel.onError(() => log("out", "errored", k))
    channel.onClose(reason => { if(reason !== "leave"){ log("out", "closed", k) } })
    channel.onMessage = (event, payload) => {
      if(event && !/^(phx_|chan_reply_)/.test(event)){ log("out", "message", k, event) }
      return payload
    }
    channel.join()
      .receive("ok", response => log("out", "joined", k, JSON.stringify(response)))
      .receive("error", response => log("out", "refused", k, JSON.stringify(response)))
      .receive("timeout", () => log("out", "join-timed-out", k))
  }
  const alive = () => channels.map((_, k) => k).filter(k => channels[k].state !== "closed")
  const push = () => {
    const k = pick(alive())
    if(k === undefined){ return }
    const n = pushes++
    log("do", "push", k)
    const told = status => response => log("out", "reply", n, status, JSON.stringify(response))
    channels[k].push("ev", {n})
      .receive("ok", told("ok"))
      .receive("error", told("error"))
      .receive("timeout", () => log("out", "push-timed-out", n))
  }
  const leave = () => {
    const k = pick(alive())
    if(k === undefined){ return }
    log("do", "leave", k)
    channels[k].leave()
  }
  const message = (join_ref, ref, topic, event, payload) => {
    const text = JSON.stringify([join_ref, ref, topic, event, payload])
    log("do", "message", text)
    conn.onmessage({data: text})
  }
  const open = () => conn && conn.readyState === 1 && socket.conn === conn
  const isLeft = frame => frame[0] && !channels.some(c => c.joinRef() === frame[0] && c.state !== "closed")
  const reply = () => {
    // mostly to what has no answer yet; what belongs to a left channel is told differently on purpose
    const frame = pick(chance() < 0.85 ? sent.filter(f => !answered.has(f[1])) : sent)
    if(!open() || !frame || (isLeft(frame) && frame[3] === "ev")){ return }
    answered.add(frame[1])
    const join_ref = chance() < 0.85 ? frame[0] : null
    const status = frame[3] !== "phx_leave" && chance() < 0.2 ? "error" : "ok"
    message(join_ref, frame[1], frame[2], "phx_reply", {status, response: {n: below(9)}})
  }
  const fromServer = () => {
    const frame = pick(sent.filter(f => f[3] === "phx_join").slice(-3))
    if(!open() || !frame){ return }
    // a channel closed while it joins haunts phoenix.js: its timer runs on and joins again, removed as it is
    const joining = channels.some(c => c.joinRef() === frame[0] && c.state === "joining")
    const event = pick(["news", "news", "phx_error", joining ? "news" : "phx_close"])
    const join_ref = event === "news" && chance() < 0.5 ? null : frame[0]
    message(join_ref, event === "news" ? null : join_ref, frame[2], event, {})
  }
  const steps = {
    connect: () => { log("do", "connect"); socket.connect() },
    disconnect: () => { log("do", "disconnect"); socket.disconnect() },
    open: () => {
      if(conn && conn.readyState === 0){
        log("do", "open")
        conn.readyState = 1
        conn.onopen()
      }
    },
    lose: () => {
      if(conn && conn.readyState < 3){
        log("do", "closed")
        const connecting = conn.readyState === 0
        conn.readyState = 3
        if(connecting){ conn.onerror("refused") }
        conn.onclose({code: 1006})
      }
    },
    join, push, leave, reply, fromServer,
  }
  const weights = {connect: 3, disconnect: 1, open: 14, lose: 4, join: 5, push: 12, leave: 2, reply: 40, fromServer: 6}
  const deck = Object.entries(weights).flatMap(([name, count]) => Array(count).fill(name))
  steps.connect()
  // never two things in one millisecond: the order of timers that fall due together is nobody's promise
  const waits = [1, 1, 2, 2, 5, 5, 30, 30, 200, 200, 1500, 3000, 12000]
  for(let step = 0; step < 60; step++){
    advance(now + 1 + below(pick(waits)))
    steps[conn.readyState === 0 && chance() < 0.5 ? "open" : pick(deck)]()
  }
  advance(now + 60000)
  log("do", "end")
}

for(let seed = 0; seed < Number(sessions); seed++){ session(Number(firstSeed) + seed) }
