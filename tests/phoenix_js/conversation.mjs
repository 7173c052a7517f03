// Plays a conversation with phoenix.js and prints what it is told, a line each. tests/it/phoenix_js.rs compares the lines.
// Usage: node conversation.mjs PACKAGE PLAY ORIGIN PATH, where ana's requests go to PATH (a URL) and bea's to ORIGIN.

const [packageName, play, origin, path] = process.argv.slice(2)

const say = (...words) => console.log(words.map(word => typeof word === "string" ? word : JSON.stringify(word)).join(" "))

// A wait that never ends becomes an error that names it.
const LONGEST = 20_000
const soon = (what, begin) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), LONGEST)
  begin(value => { clearTimeout(timer); resolve(value) }, why => { clearTimeout(timer); reject(new Error(why)) })
})

// Requests of phoenix.js wait while `line.held` is a promise.
const line = {held: null}
const plainFetch = globalThis.fetch
globalThis.fetch = async (...args) => { await line.held; return plainFetch(...args) }

// The part of XMLHttpRequest that phoenix.js before 1.8 uses.
class Request {
  controller = new AbortController()
  headers = {}
  open(method, url){ Object.assign(this, {method, url}) }
  setRequestHeader(name, value){ this.headers[name] = value }
  abort(){ this.controller.abort() }
  async send(body){
    const {method, headers, controller: {signal}} = this
    const late = setTimeout(() => { this.abort(); this.ontimeout?.() }, this.timeout)
    try {
      this.responseText = await (await fetch(this.url, {method, headers, body, signal})).text()
      this.readyState = 4
      this.onreadystatechange()
    } catch(error) {
      if(!signal.aborted){ this.onerror(error) }
    } finally {
      clearTimeout(late)
    }
  }
}
if(packageName === "phoenix-1.7.21"){ globalThis.XMLHttpRequest = Request }
// Before 1.8 phoenix.js looks for all of it in `self`, as browsers have it.
globalThis.self = globalThis
globalThis.WebSocket = (await import("ws")).default

const {Socket, LongPoll, Presence} = await import(packageName)

const joined = channel => soon(`the join of ${channel.topic}`, (resolve, reject) => channel.join()
  .receive("ok", resolve)
  .receive("error", response => reject(`${channel.topic} was refused: ${JSON.stringify(response)}`)))
const replied = (channel, event, payload) => soon(`the reply to ${event}`, resolve => channel.push(event, payload)
  .receive("ok", response => resolve(["ok", response]))
  .receive("error", response => resolve(["error", response])))
const count = (channel, event, wanted) => {
  const came = []
  return soon(`${wanted} of ${event}`, resolve => channel.on(event, payload => {
    came.push(payload)
    if(came.length === wanted){ resolve(came) }
  }))
}

const storage = new Map()
const sessionStorage = {
  getItem: key => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
}
const opened = socket => soon("an open socket", resolve => { socket.onOpen(resolve); socket.connect() })
const transportOf = socket => socket.transportName?.(socket.transport) ?? socket.transport.name
const user = async name => ({token: await (await plainFetch(`${origin}/token/${name}`)).text()})
const room = name => `${name}:${Math.floor(Math.random() * 1e9)}`

// What a room does: replies, order, bytes, leaves, presence. Prints which transport ana is on.
const talk = async (anaSocket, beaSocket, burst) => {
  const topic = room("lab")
  let [ana, bea] = [anaSocket.channel(topic, {from: "ana"}), beaSocket.channel(topic)]
  say("joined", await joined(ana))
  say("ana is on", transportOf(anaSocket))
  await joined(bea)
  say("echo", await replied(ana, "echo", {text: "häß\n\"", none: null}))
  say("echo_error", await replied(ana, "echo_error", {code: 7}))
  const counts = await Promise.all(Array.from({length: burst}, () => replied(ana, "count", {})))
  say("counted in order", counts.every(([status, {count}], index) => status === "ok" && count === index + 1))
  let came = count(ana, "broadcasted", 50)
  for(let n = 0; n < 50; n++){ bea.push("broadcast_from", {n}) }
  say("broadcasts in order", (await came).every(({n}, index) => n === index))
  came = count(bea, "broadcasted", 1)
  ana.push("broadcast_from", Uint8Array.from([0, 1, 254, 255]).buffer)
  say("bytes", [...new Uint8Array((await came)[0])])
  say("left", await soon("the reply to a leave", resolve => ana.leave().receive("ok", resolve)))
  ana = anaSocket.channel(topic, {again: true})
  say("joined", await joined(ana))
  say("count", await replied(ana, "count", {}))
  say("refused", await soon("a refusal", resolve => anaSocket.channel(room("lab"), {deny: "no"}).join().receive("error", resolve)))
  await meet(anaSocket, beaSocket)
}

const meet = async (anaSocket, beaSocket) => {
  const topic = room("presence")
  const [ana, bea] = [anaSocket.channel(topic), beaSocket.channel(topic)]
  const presence = new Presence(ana)
  const names = () => presence.list(name => name).sort()
  const until = wanted => soon(`presence of ${wanted}`, resolve => {
    const look = () => { if(names().join() === wanted){ resolve(names()) } }
    presence.onSync(look)
    look()
  })
  await joined(ana)
  await until("ana")
  await joined(bea)
  say("present", await until("ana,bea"))
  bea.leave()
  say("present", await until("ana"))
}

// The session of ana expires while her requests are held.
const expire = async (anaSocket) => {
  const ana = anaSocket.channel(room("lab"))
  await joined(ana)
  let release
  line.held = new Promise(resolve => { release = resolve })
  const {token} = anaSocket.conn
  const url = `${path.replace("ws", "http")}/fast_socket/longpoll?vsn=2.0.0&token=${encodeURIComponent(token)}`
  const body = JSON.stringify([null, "1", "phoenix", "heartbeat", {}])
  const headers = {"content-type": "application/x-ndjson"}
  for(let status = 200; status === 200;){
    status = (await (await plainFetch(url, {method: "POST", headers, body})).json()).status
  }
  // A poll that was under way when the requests were held has ended with the session.
  line.held = null
  release()
  await soon("a new session", resolve => {
    const look = () => anaSocket.conn?.token && anaSocket.conn.token !== token && anaSocket.isConnected() ? resolve() : setTimeout(look, 5)
    look()
  })
  say("in the new session", await replied(ana, "echo", {n: 1}))
}

const connected = async (address, name, options) => {
  const socket = new Socket(`${address}/socket`, {params: name ? await user(name) : {}, sessionStorage, ...options})
  await opened(socket)
  return socket
}

const burst = packageName === "phoenix-1.7.21" ? 100 : 250
const plays = {
  longpoll: async () => {
    const bea = await connected(origin.replace("http", "ws"), "bea")
    const ana = await connected(path, "ana", {transport: LongPoll})
    await talk(ana, bea, burst)
  },
  fallback: async () => {
    const bea = await connected(origin.replace("http", "ws"), "bea")
    const ana = await connected(path, "ana", {longPollFallbackMs: 400})
    await talk(ana, bea, burst)
    say("remembered", [...storage.keys()])
  },
  expired: async () => {
    const ana = new Socket(`${path}/fast_socket`, {transport: LongPoll})
    await opened(ana)
    await expire(ana)
  },
}

try {
  await plays[play]()
  process.exit(0)
} catch(error) {
  say("failed:", error.message)
  process.exit(1)
}
