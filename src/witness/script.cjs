// Plays phoenix.js as phxproof says. Each line of stdin is an order; each line of stdout is something that phoenix.js told its
// application. Usage: node -e SCRIPT -- PACKAGE [WS], the paths of the packages `phoenix` and `ws`; without `ws` Node's own
// WebSocket is used.
"use strict"
const [packagePath, wsPath] = process.argv.slice(1)

const tell = line => process.stdout.write(`${JSON.stringify(line)}\n`)
process.on("uncaughtException", error => tell({told: "threw", message: String(error && error.message)}))

// Versions before 1.8 look for all of it in `self`, as browsers have it.
globalThis.self = globalThis
if(wsPath){ globalThis.WebSocket = require(wsPath) }
const {Socket, LongPoll} = require(packagePath)

// A payload is bytes or JSON, in both directions.
const shown = value => value instanceof ArrayBuffer
  ? {bytes: Buffer.from(value).toString("base64")}
  : {json: value === undefined ? null : value}
const meant = ({json, bytes}) => bytes === undefined ? json : new Uint8Array(Buffer.from(bytes, "base64")).buffer

// The connection of each actor, by its number. `awaited` are the refs of pushes, `pending` the ids of those without an answer.
const actors = new Map()

const answered = (push, id, topic, connection) => {
  const {awaited, pending} = connection
  if(push.ref){ awaited.add(push.ref) }
  pending.set(topic, (pending.get(topic) ?? new Set()).add(id))
  for(const status of ["ok", "error", "timeout"]){
    push.receive(status, response => {
      pending.get(topic)?.delete(id)
      tell({told: "answer", id, status, ...shown(response)})
    })
  }
}

// The hook of a channel sees all that phoenix.js hands to the application.
const watch = (actor, connection, channel) => {
  channel.onMessage = (event, payload, ref) => {
    connection.delivered = payload
    const isReply = event.startsWith("chan_reply_") || (event === "phx_reply" && connection.awaited.has(ref))
    // An error without a ref is made by phoenix.js itself when the connection ends.
    const isOwn = event === "phx_error" && ref === undefined
    if(!connection.over && !isReply && !isOwn){
      const response = event === "phx_reply" ? {json: {...payload, response: shown(payload.response).json}} : shown(payload)
      tell({told: "event", actor, topic: channel.topic, event, ...response})
    }
    return payload
  }
}

const orders = {
  connect({actor, url, transport, params, vsn, fallback}){
    const before = actors.get(actor)
    if(before){ end(before) }
    const options = {params}
    if(vsn){ options.vsn = vsn }
    if(transport === "longpoll"){ options.transport = LongPoll }
    if(fallback){ options.longPollFallbackMs = fallback }
    const socket = new Socket(url, options)
    const connection = {socket, channels: new Map(), awaited: new Set(), pending: new Map(), heartbeats: new Map(), again: false, over: false}
    actors.set(actor, connection)
    const schedule = socket.reconnectTimer.scheduleTimeout
    socket.reconnectTimer.scheduleTimeout = function(){ connection.again = true; return schedule.call(this) }
    const tellOf = line => { if(!connection.over){ tell({actor, ...line}) } }
    socket.onOpen(() => { connection.again = false; tellOf({told: "opened"}) })
    socket.onClose(event => tellOf({told: "closed", code: event && event.code || null, again: connection.again}))
    socket.onMessage(({topic, event, payload, ref}) => {
      const id = topic === "phoenix" && connection.heartbeats.get(ref)
      if(id){
        tellOf({told: "answer", id, status: payload.status, ...shown(payload.response)})
      } else if(topic !== "phoenix" && connection.delivered !== payload){
        tellOf({told: "dropped", topic, event})
      }
      connection.delivered = undefined
    })
    socket.connect()
  },
  join({id, actor, topic, payload}){
    const connection = actors.get(actor)
    const before = connection.channels.get(topic)
    if(before && before.isJoining()){
      tell({told: "unable", why: "it gives up a join when it joins the same topic again"})
      return
    }
    const channel = connection.socket.channel(topic, meant(payload))
    watch(actor, connection, channel)
    connection.channels.set(topic, channel)
    answered(channel.join(), id, topic, connection)
  },
  push({id, actor, topic, event, payload}){
    const connection = actors.get(actor)
    const channel = connection.channels.get(topic)
    if(!channel || !(channel.isJoined() || channel.isJoining())){
      tell({told: "unable", why: `it pushes only on a topic that it has joined, and \`${event}\` is sent on another one`})
      return
    }
    answered(channel.push(event, meant(payload)), id, topic, connection)
  },
  leave({id, actor, topic}){
    const connection = actors.get(actor)
    const channel = connection.channels.get(topic)
    if(!channel || !(channel.isJoined() || channel.isJoining())){
      tell({told: "unable", why: "it leaves only a topic that it has joined"})
      return
    }
    if(connection.pending.get(topic)?.size){
      tell({told: "unable", why: "it drops the replies to what was pushed before a leave"})
      return
    }
    answered(channel.leave(), id, topic, connection)
  },
  heartbeat({id, actor}){
    const {socket, heartbeats} = actors.get(actor)
    socket.sendHeartbeat()
    heartbeats.set(socket.pendingHeartbeatRef, id)
  },
  close({id, actor, code}){
    const connection = actors.get(actor)
    connection.over = true
    connection.socket.disconnect(() => tell({told: "answer", id, status: "ok", json: {}}), code)
  },
  cut({actor}){
    const connection = actors.get(actor)
    const {conn} = connection.socket
    if(conn && conn.terminate){
      connection.over = true
      conn.terminate()
      end(connection)
    } else {
      tell({told: "unable", why: "Node's own WebSocket cannot cut a connection; the npm package `ws` beside `phoenix` can"})
    }
  },
}

// The client does not come back after this.
const end = connection => {
  connection.over = true
  connection.socket.disconnect()
}

const perform = line => {
  const order = JSON.parse(line)
  if(order.do !== "connect" && !actors.has(order.actor)){
    tell({told: "unable", why: "it sends over a connection that was never made"})
    return
  }
  orders[order.do](order)
}

let rest = ""
process.stdin.setEncoding("utf8")
process.stdin.on("data", text => {
  const lines = (rest + text).split("\n")
  rest = lines.pop()
  lines.forEach(perform)
})
process.stdin.on("end", () => process.exit())
