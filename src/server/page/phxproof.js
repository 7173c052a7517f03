// A small client of Phoenix Channels: WebSocket, serializer 2.0.0, payloads in JSON. It uses no other module.
//
//   const socket = new Socket("/socket", { params: async () => ({ token: await token() }) })
//   const channel = socket.channel("videos:1", () => ({ last_seen_id: newest }))
//   channel.on("new_annotation", show)
//   channel.onJoin((response, times) => …)      // each join that the server lets in; times counts them, from 1
//   channel.onState(({ name, why }) => …)       // closed, waiting, joining, joined, refused
//   socket.onState(({ name, why, retryAt }) => …) // closed, connecting, open, waiting
//   channel.join()
//   socket.connect()
//   const response = await channel.push("new_annotation", { body, at })
//
// What it promises: a push is sent at once or fails at once, and is never sent twice. When a connection ends, every push
// without a reply fails as `lost`, because nobody knows whether the server handled it. The client connects again after a
// growing delay and joins its channels again, with params of that moment. Messages of an earlier join and binary messages
// are dropped.

const BACKOFF_MS = [100, 250, 500, 1000, 2000, 5000]
// What JavaScript calls a close that came without a close frame.
const NO_CLOSE_FRAME = 1006

/** Why a push has no reply with status ok. */
export class PushError extends Error {
  /** `kind`: `refused` (the server answered with an error), `timeout`, `lost` (the connection or the channel ended) or
      `not-joined` (it was not sent). `response` is the server's, where it answered. */
  constructor(kind, message, response = {}) {
    super(message)
    this.name = "PushError"
    this.kind = kind
    this.response = response
  }
}

export class Socket {
  #url
  #options
  #channels = new Map()
  #listeners = []
  #state = { name: "closed" }
  #connection = null
  #attempt = 0 // counts connections; what comes from an earlier one is dropped
  #failures = 0 // attempts since the last message of the server
  #ref = 0
  #heartbeat = { timer: null, ref: null }
  #timer = null // of the attempt to connect, or until the next one

  /** `url` is where the socket is mounted, such as `/socket` or `wss://example.org/socket`. `params` are the connect
      params: an object, or a function that is called for each connection and may be async. Where it fails, the socket
      is `waiting`, with the message of the error. */
  constructor(url, { params = {}, heartbeatMs = 30_000, timeoutMs = 10_000, backoffMs = BACKOFF_MS } = {}) {
    this.#url = url
    this.#options = { params, heartbeatMs, timeoutMs, backoffMs }
  }

  get state() { return this.#state }

  onState(listener) { this.#listeners.push(listener) }

  /** The channel of a topic. `params` are the join params: an object, or a function that is called for each join. */
  channel(topic, params = {}) {
    if (this.#channels.has(topic)) { throw new Error(`this socket has a channel of ${topic} already`) }
    const channel = new Channel(topic, params, {
      isOpen: () => this.#state.name === "open",
      send: (...message) => this.#send(...message),
      timeoutMs: this.#options.timeoutMs,
      backoffMs: this.#options.backoffMs,
    })
    this.#channels.set(topic, channel)
    return channel
  }

  /** Connects now, also where the next attempt is still waited for. */
  connect() {
    if (this.#state.name === "closed" || this.#state.name === "waiting") { this.#open() }
  }

  /** Closes the connection and opens no other one. */
  disconnect() {
    this.#failures = 0
    this.#drop({ name: "closed", why: "the client disconnected" })
  }

  async #open() {
    clearTimeout(this.#timer)
    const attempt = ++this.#attempt
    const isCurrent = () => attempt === this.#attempt
    this.#become({ name: "connecting" })
    this.#timer = setTimeout(() => this.#lost("the server did not answer in time"), this.#options.timeoutMs)
    let params
    try {
      params = await valueOf(this.#options.params)
    } catch (error) {
      if (isCurrent()) { this.#lost(error.message) }
      return
    }
    if (!isCurrent()) { return }
    const connection = new WebSocket(this.#address(params))
    this.#connection = connection
    connection.onopen = () => isCurrent() && this.#opened()
    connection.onmessage = ({ data }) => isCurrent() && this.#receive(data)
    connection.onclose = ({ code }) => isCurrent() && this.#lost(
      code === NO_CLOSE_FRAME ? "the connection was cut or refused" : `the server closed the connection (${code})`)
  }

  #address(params) {
    const url = new URL(`${this.#url}/websocket`, globalThis.location?.href)
    url.protocol = url.protocol.replace("http", "ws")
    for (const [key, value] of Object.entries({ ...params, vsn: "2.0.0" })) { url.searchParams.set(key, value) }
    return url
  }

  #opened() {
    clearTimeout(this.#timer)
    this.#heartbeat = { timer: setInterval(() => this.#beat(), this.#options.heartbeatMs), ref: null }
    this.#become({ name: "open" })
    for (const channel of this.#channels.values()) { channel.socketOpened() }
  }

  #beat() {
    if (this.#heartbeat.ref !== null) { return this.#lost("the server did not answer the heartbeat") }
    this.#heartbeat.ref = this.#send(null, "phoenix", "heartbeat", {})
  }

  /** Sends a message and returns its ref, which is the join_ref of a join. */
  #send(joinRef, topic, event, payload) {
    const ref = String(++this.#ref)
    this.#connection.send(JSON.stringify([event === "phx_join" ? ref : joinRef, ref, topic, event, payload]))
    return ref
  }

  #receive(data) {
    if (typeof data !== "string") { return console.warn("phxproof.js drops a binary message: it reads payloads in JSON only") }
    const message = parse(data)
    if (message === null) { return this.#lost("the server sent a message that this client cannot read") }
    this.#failures = 0
    const [joinRef, ref, topic, event, payload] = message
    if (topic === "phoenix" && ref === this.#heartbeat.ref) {
      this.#heartbeat.ref = null
    } else {
      this.#channels.get(topic)?.receive(joinRef, ref, event, payload)
    }
  }

  /** The connection has ended: the next one is opened after a delay. */
  #lost(why) {
    const delay = delayOf(this.#options.backoffMs, this.#failures++)
    this.#drop({ name: "waiting", why, retryAt: Date.now() + delay })
    this.#timer = setTimeout(() => this.#open(), delay)
  }

  #drop(state) {
    this.#attempt++
    clearTimeout(this.#timer)
    clearInterval(this.#heartbeat.timer)
    const connection = this.#connection
    this.#connection = null
    connection?.close()
    this.#state = state
    for (const channel of this.#channels.values()) { channel.socketLost(state.why) }
    this.#become(state)
  }

  #become(state) {
    this.#state = state
    for (const listener of this.#listeners) { listener(state) }
  }
}

class Channel {
  #topic
  #params
  #socket
  #handlers = new Map()
  #listeners = { state: [], join: [] }
  #state = { name: "closed" }
  #joinRef = null
  #joins = 0
  #failures = 0
  #pending = new Map() // what waits for a reply, by ref
  #timer = null // until the join is sent again

  constructor(topic, params, socket) {
    this.#topic = topic
    this.#params = params
    this.#socket = socket
  }

  get state() { return this.#state }

  onState(listener) { this.#listeners.state.push(listener) }

  onJoin(listener) { this.#listeners.join.push(listener) }

  /** Handles the messages of an event that the server pushes or broadcasts. */
  on(event, handler) { this.#handlers.set(event, [...this.#handlers.get(event) ?? [], handler]) }

  /** Joins as soon as the socket is open, and again after each end that the client did not ask for. */
  join() {
    if (this.#state.name === "joining" || this.#state.name === "joined") { return }
    if (this.#socket.isOpen()) { this.#sendJoin() } else { this.#become({ name: "waiting", why: "the socket is not open" }) }
  }

  /** Leaves, and stays away until `join` is called again. */
  leave() {
    if (this.#state.name === "joining" || this.#state.name === "joined") {
      this.#socket.send(this.#joinRef, this.#topic, "phx_leave", {})
    }
    this.#end("the client left")
    this.#become({ name: "closed" })
  }

  /** Pushes an event. The promise holds the response of a reply with status ok, or fails with a PushError. */
  async push(event, payload) {
    if (this.#state.name !== "joined") {
      throw new PushError("not-joined", `${event} was not sent: ${this.#topic} is not joined`)
    }
    const { status, response } = await this.#ask(event, payload)
    if (status === "ok") { return response }
    throw new PushError("refused", `${event} was refused`, response)
  }

  #ask(event, payload) {
    return new Promise((resolve, reject) => {
      const ref = this.#socket.send(this.#joinRef, this.#topic, event, payload)
      if (event === "phx_join") { this.#joinRef = ref }
      const timer = setTimeout(() => {
        this.#pending.delete(ref)
        reject(new PushError("timeout", `${event} was not answered in time`))
      }, this.#socket.timeoutMs)
      this.#pending.set(ref, { resolve, reject, timer })
    })
  }

  async #sendJoin() {
    clearTimeout(this.#timer)
    this.#become({ name: "joining" })
    try {
      const { status, response } = await this.#ask("phx_join", valueOf(this.#params))
      if (status === "ok") {
        this.#failures = 0
        this.#joins++
        this.#become({ name: "joined" })
        for (const listener of this.#listeners.join) { listener(response, this.#joins) }
      } else {
        this.#end("the join was refused")
        this.#become({ name: "refused", why: response.reason ?? JSON.stringify(response), response })
      }
    } catch (error) {
      if (!(error instanceof PushError)) { throw error }
      // A join that was lost with its connection or channel is sent again by what ended that.
      if (error.kind === "timeout") { this.#failed(error.message) }
    }
  }

  receive(joinRef, ref, event, payload) {
    // A broadcast has no join_ref.
    if (joinRef !== null && joinRef !== this.#joinRef) { return }
    if (event === "phx_reply") {
      const waiting = this.#pending.get(ref)
      this.#pending.delete(ref)
      clearTimeout(waiting?.timer)
      waiting?.resolve(payload)
    } else if (event === "phx_error") {
      this.#failed("the channel crashed")
    } else if (event === "phx_close") {
      this.#end("the server closed the channel")
      this.#become({ name: "closed", why: "the server closed the channel" })
    } else {
      for (const handler of this.#handlers.get(event) ?? []) { handler(payload) }
    }
  }

  socketOpened() {
    if (this.#state.name === "waiting") { this.#sendJoin() }
  }

  socketLost(why) {
    const isWanted = ["waiting", "joining", "joined"].includes(this.#state.name)
    this.#end(why)
    if (isWanted) { this.#become({ name: "waiting", why }) }
  }

  #failed(why) {
    this.#end(why)
    this.#become({ name: "waiting", why })
    this.#timer = setTimeout(() => this.#socket.isOpen() && this.#sendJoin(),
      delayOf(this.#socket.backoffMs, this.#failures++))
  }

  /** Nothing that was sent before is answered any more. */
  #end(why) {
    clearTimeout(this.#timer)
    this.#joinRef = null
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(new PushError("lost", why))
    }
    this.#pending.clear()
  }

  #become(state) {
    this.#state = state
    for (const listener of this.#listeners.state) { listener(state) }
  }
}

const valueOf = source => source instanceof Function ? source() : source

/** The delay after so many failures, 25 % shorter or longer by chance, so that not all clients come back at once. */
const delayOf = (delays, failures) =>
  Math.round(delays[Math.min(failures, delays.length - 1)] * (0.75 + Math.random() / 2))

/** A message of serializer 2.0.0; null if the text is none. */
const parse = text => {
  try {
    const message = JSON.parse(text)
    return Array.isArray(message) && message.length === 5 ? message : null
  } catch {
    return null
  }
}
