// Plays what ends a channel or a connection with phoenix.js, and prints what it is told, a line each: a crash, a disconnect, a server that
// is killed and started again. tests/it/phoenix_js.rs compares the lines. Usage: node comes_back.mjs PACKAGE PHXPROOF FOLDER, where the
// server keeps its store in FOLDER.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { join } from "node:path"

const [packageName, phxproof, folder] = process.argv.slice(2)

const say = (...words) => console.log(words.map(word => typeof word === "string" ? word : JSON.stringify(word)).join(" "))

// A wait that never ends becomes an error that names it.
const LONGEST = 60_000
const soon = (what, begin) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), LONGEST)
  begin(value => { clearTimeout(timer); resolve(value) })
})

// Before 1.8 phoenix.js looks for all of it in `self`, as browsers have it.
globalThis.self = globalThis
globalThis.WebSocket = (await import("ws")).default
const { Socket } = await import(packageName)

const serve = async port => {
  const child = spawn(phxproof, ["serve", "--port", port, "--store", join(folder, `${packageName}.sqlite`)],
    { stdio: ["ignore", "pipe", "ignore"] })
  const [line] = await once(createInterface(child.stdout), "line")
  const origin = line.replace("listening on ", "")
  const ended = once(child, "exit")
  const kill = () => { child.kill("SIGKILL"); return ended }
  return { origin, port: new URL(origin).port, kill }
}

/** A channel that tells each join and each end, and a way to wait for the next of them. */
const channelOf = (socket, topic, params) => {
  const channel = socket.channel(topic, params)
  const told = []
  let wake = () => {}
  const tell = event => { told.push(event); wake() }
  channel.onError(() => tell(["ended"]))
  const joining = channel.join()
  joining.receive("ok", response => tell(["joined", response]))
  const next = what => soon(`${what} of ${topic}`, resolve => {
    wake = () => {
      const at = told.findIndex(([event]) => event === what)
      if(at >= 0){ resolve(told.splice(0, at + 1).at(-1)[1]) }
    }
    wake()
  })
  return { channel, next }
}

const replied = (channel, event, payload) => soon(`the reply to ${event}`, resolve => channel.push(event, payload)
  .receive("ok", response => resolve(["ok", response]))
  .receive("error", response => resolve(["error", response]))
  .receive("timeout", () => resolve(["timeout"])))

const play = async servers => {
  servers.push(await serve("0"))
  const { origin, port } = servers[0]
  const token = await (await fetch(`${origin}/token/ana`)).text()
  const at = `${origin.replace("http", "ws")}/socket`
  const socket = new Socket(at, { params: { token }, reconnectAfterMs: () => 20, rejoinAfterMs: () => 20 })
  const other = new Socket(at, { reconnectAfterMs: () => 20, rejoinAfterMs: () => 20 })
  socket.connect()
  other.connect()

  const lab = channelOf(socket, "lab:one", {})
  await lab.next("joined")
  await replied(lab.channel, "put", { key: "a", value: 1 })
  say("before", await replied(lab.channel, "get", { key: "a" }))
  lab.channel.push("crash", {})
  await lab.next("ended")
  await lab.next("joined")
  say("after the crash", await replied(lab.channel, "get", { key: "a" }))

  await fetch(`${origin}/disconnect/ana`, { method: "POST" })
  await lab.next("ended")
  await lab.next("joined")
  say("after the disconnect", await replied(lab.channel, "echo", { n: 1 }))

  let seen = 0
  const video = channelOf(socket, "videos:1", () => ({ last_seen_id: seen }))
  const heard = soon("an annotation", resolve => video.channel.on("new_annotation", resolve))
  say("annotations", (await video.next("joined")).annotations.length)
  const writer = channelOf(other, "videos:1", {})
  await writer.next("joined")
  await replied(writer.channel, "new_annotation", { body: "first", at: 0 })
  seen = (await heard).id
  await soon("a leave", resolve => video.channel.leave().receive("ok", resolve))
  await replied(writer.channel, "new_annotation", { body: "missed", at: 0 })

  await servers[0].kill()
  await lab.next("ended")
  await writer.next("ended")
  servers.push(await serve(port))
  await lab.next("joined")
  await writer.next("joined")
  say("after the restart", await replied(lab.channel, "echo", { n: 2 }))
  const again = channelOf(socket, "videos:1", () => ({ last_seen_id: seen }))
  say("caught up", (await again.next("joined")).annotations.map(({ body }) => body))
}

const servers = []
try {
  await play(servers)
} catch(error) {
  say("failed:", error.message)
  process.exitCode = 1
}
for(const { kill } of servers){ await kill() }
process.exit()
