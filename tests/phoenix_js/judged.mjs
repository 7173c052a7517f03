// phoenix.js as a client that is judged by `serve --judge`: leaves one topic, joins two, and pushes now and then, until it is
// ended.
// Usage: node judged.mjs PACKAGE SOCKET, where SOCKET is the URL of the socket.

const [packageName, url] = process.argv.slice(2)

globalThis.self = globalThis
globalThis.WebSocket = (await import("ws")).default
const {Socket, Presence} = await import(packageName)

const socket = new Socket(url, {
  params: {client: packageName},
  heartbeatIntervalMs: 1000,
  timeout: 1500,
  rejoinAfterMs: () => 50,
})
socket.connect()
const first = socket.channel("room:1")
new Presence(first)
const second = socket.channel("room:2")
const left = socket.channel("room:left")
left.join().receive("ok", () => left.leave().receive("ok", () => {
  first.join()
  second.join()
  setInterval(() => first.push("news", {}), 150)
}))
