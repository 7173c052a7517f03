// Plays a conversation with @supabase/realtime-js and prints what it is told, a line each. tests/it/phoenix_js.rs compares the lines.
// Usage: node realtime.mjs ORIGIN
//
// Its `client.channel("room")` joins `realtime:room`, which no server but Supabase's serves. A RealtimeChannel that is made by hand
// joins any topic, and `send` pushes any event: the `type` is the event, and the whole object is the payload. What only Supabase's server
// offers is left out: rows of Postgres, the binary frames of kind 3 and 4 in which it broadcasts, `track` and `untrack`.

import { RealtimeClient, RealtimeChannel } from "@supabase/realtime-js"
import WebSocket from "ws"

const [origin] = process.argv.slice(2)
const say = (...words) => console.log(words.map(word => typeof word === "string" ? word : JSON.stringify(word)).join(" "))

// A wait that never ends becomes an error that names it.
const LONGEST = 60_000
const soon = (what, begin) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), LONGEST)
  begin(value => { clearTimeout(timer); resolve(value) })
})

const connected = async (name, options = {}) => {
  const token = await (await fetch(`${origin}/token/${name}`)).text()
  return new RealtimeClient(`${origin.replace("http", "ws")}/socket`, {
    params: { apikey: "none", token }, transport: WebSocket, reconnectAfterMs: () => 10, ...options,
  })
}

/** A channel with the statuses that it was told, and a way to wait for one. */
const channelOf = (client, topic) => {
  const channel = new RealtimeChannel(topic, { config: {} }, client)
  const statuses = []
  let wake = () => {}
  const subscribe = () => channel.subscribe((status, error) => {
    statuses.push(error ? `${status}: ${error.message}` : status)
    wake()
  })
  const next = wanted => soon(`${wanted} of ${topic}`, resolve => {
    wake = () => {
      const at = statuses.findIndex(it => it.startsWith(wanted))
      if(at >= 0){ resolve(statuses.splice(0, at + 1).at(-1)) }
    }
    wake()
  })
  return { channel, subscribe, next }
}

const room = name => `${name}:${Math.floor(Math.random() * 1e9)}`
const first = (channel, event) => soon(event, resolve => channel.on(event, {}, resolve))

const play = async () => {
  const [anaClient, beaClient] = [await connected("ana"), await connected("bea")]
  say("vsn", anaClient.vsn)

  const prefixed = channelOf(anaClient, anaClient.channel("room").topic)
  prefixed.subscribe()
  say("realtime:room", await prefixed.next("CHANNEL_ERROR"))
  prefixed.channel.teardown()

  const topic = room("lab")
  const [ana, bea] = [channelOf(anaClient, topic), channelOf(beaClient, topic)]
  const [pushed, broadcasted] = [first(ana.channel, "pushed"), first(bea.channel, "broadcasted")]
  for(const { subscribe, next } of [ana, bea]){
    subscribe()
    say("lab", await next("SUBSCRIBED"))
  }
  const send = (type, payload = {}, options = {}) => ana.channel.send({ type, ...payload }, options)
  say("echo", await send("echo", { n: 1 }))
  say("echo_error", await send("echo_error", { n: 1 }))
  say("ignore", await send("ignore", {}, { timeout: 50 }))
  say("push", await send("push", { n: 2 }, { timeout: 50 }), await pushed)
  say("broadcast_from", await send("broadcast_from", { n: 3 }), await broadcasted)

  send("crash")
  say("crash", await ana.next("CHANNEL_ERROR"))
  say("rejoin", await ana.next("SUBSCRIBED"))
  say("echo", await send("echo"))

  await meet(anaClient, beaClient)

  await fetch(`${origin}/disconnect/ana`, { method: "POST" })
  say("disconnect", await ana.next("CHANNEL_ERROR"))
  say("reconnect", await ana.next("SUBSCRIBED"))
  say("echo", await send("echo"))
  say("leave", await ana.channel.unsubscribe())

  const cid = await connected("cid", { heartbeatIntervalMs: 200 })
  let answered = 0
  await soon("heartbeats", resolve => {
    cid.onHeartbeat(status => { if(status === "ok" && ++answered === 2){ resolve() } })
    cid.connect()
  })
  say("heartbeats are answered")
}

const meet = async (anaClient, beaClient) => {
  const topic = room("presence")
  const [ana, bea] = [channelOf(anaClient, topic), channelOf(beaClient, topic)]
  const shown = () => Object.entries(ana.channel.presenceState())
    .map(([name, metas]) => `${name} ${metas.map(it => it.status).join()}`).sort().join("; ")
  let look = () => {}
  ana.channel.on("presence", { event: "sync" }, () => look())
  const until = wanted => soon(`presence of ${wanted}`, resolve => {
    look = () => { if(shown() === wanted){ resolve(wanted) } }
    look()
  })
  ana.subscribe()
  say("present", await until("ana online"))
  bea.subscribe()
  say("present", await until("ana online; bea online"))
  await bea.next("SUBSCRIBED")
  say("update", await bea.channel.send({ type: "update", status: "busy" }))
  say("present", await until("ana online; bea busy"))
  say("leave", await bea.channel.unsubscribe())
  say("present", await until("ana online"))
}

try {
  await play()
  process.exit(0)
} catch(error) {
  say("failed:", error.message)
  process.exit(1)
}
