// What two clients say to each other through `phxproof record`, with phoenix.js. tests/it/record.rs records it.
// Usage: node recorded.mjs PACKAGE TRANSPORT ADDRESS, where ADDRESS is that of the proxy, as ws://127.0.0.1:4001.

const [packageName, transportName, address] = process.argv.slice(2)

const LONGEST = 20_000
const soon = (what, begin) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), LONGEST)
  begin(value => { clearTimeout(timer); resolve(value) }, why => { clearTimeout(timer); reject(new Error(why)) })
})

globalThis.self = globalThis
globalThis.WebSocket = (await import("ws")).default
const {Socket, LongPoll} = await import(packageName)

const joined = channel => soon(`the join of ${channel.topic}`, (resolve, reject) => channel.join()
  .receive("ok", resolve)
  .receive("error", response => reject(JSON.stringify(response))))
const replied = (channel, event, payload) => soon(`the reply to ${event}`, resolve => channel.push(event, payload).receive("ok", resolve))
const came = (channel, event) => soon(event, resolve => channel.on(event, resolve))
const connected = async name => {
  const token = await (await fetch(`${address.replace("ws", "http")}/token/${name}`)).text()
  const transport = transportName === "longpoll" ? {transport: LongPoll} : {}
  const socket = new Socket(`${address}/socket`, {params: {token}, reconnectAfterMs: () => 50, rejoinAfterMs: () => 50, ...transport})
  await soon("an open socket", resolve => { socket.onOpen(resolve); socket.connect() })
  return socket
}

try {
  const anaSocket = await connected("ana")
  const beaSocket = await connected("bea")
  const [ana, bea] = [anaSocket, beaSocket].map(socket => socket.channel("lab:recorded", {password: "open sesame"}))
  await joined(ana)
  await joined(bea)
  await replied(ana, "echo", {text: "häß {{no}} \n\"", none: null})
  let [atAna, atBea] = [came(ana, "broadcasted"), came(bea, "broadcasted")]
  ana.push("broadcast", {greeting: "hello"})
  await Promise.all([atAna, atBea])
  // The channel of ana crashes, and she joins again by herself.
  const crashed = soon("the crash", resolve => ana.onError(resolve))
  const rejoined = soon("the second join", resolve => ana.joinPush.receive("ok", resolve))
  ana.push("crash", {})
  await crashed
  await rejoined
  await replied(ana, "count", {})
  const video = anaSocket.channel("videos:1", {})
  await joined(video)
  const noted = came(video, "new_annotation")
  await replied(video, "new_annotation", {body: "first", at: 1000})
  await soon("the leave of the video", resolve => video.leave().receive("ok", resolve))
  // She comes back to where she was.
  await joined(anaSocket.channel("videos:1", {last_seen_id: (await noted).id}))
  await soon("the leave", resolve => bea.leave().receive("ok", resolve))
  const left = soon("the end of the connection", resolve => beaSocket.disconnect(resolve))
  await left
  console.log("said")
  process.exit(0)
} catch(error) {
  console.log("failed:", error.message)
  process.exit(1)
}
