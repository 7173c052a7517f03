// Opens the watch page of `serve` in two windows of Chromium and prints what they show, a line each. tests/it/page.rs compares the
// lines. Usage: node two_windows.mjs PHXPROOF CHROMIUM FOLDER, where the server keeps its store in FOLDER.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { join } from "node:path"
import { Browser, soon } from "./browser.mjs"

const [phxproof, chromium, folder] = process.argv.slice(2)
const say = (...words) => console.log(words.map(it => typeof it === "string" ? it : JSON.stringify(it)).join(" "))

const serve = async (port, ...flags) => {
  const child = spawn(phxproof, ["serve", "--port", port, ...flags], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] })
  const [line] = await soon("the server", once(createInterface(child.stdout), "line"))
  const origin = line.replace("listening on ", "")
  const ended = once(child, "exit")
  const kill = () => {
    child.kill("SIGKILL")
    return soon("the end of the server", ended)
  }
  return { origin, port: new URL(origin).port, kill }
}
const store = ["--store", join(folder, "annotations.sqlite")]

const is = (id, text) => `document.getElementById("${id}").textContent === ${JSON.stringify(text)}`
const begins = (id, text) => `document.getElementById("${id}").textContent.startsWith(${JSON.stringify(text)})`
const shows = text => `[...document.querySelectorAll("#annotations .text")].some(it => it.textContent === ${JSON.stringify(text)})`
const list = window => window.evaluate(`[...document.querySelectorAll("#annotations li")].map(it =>
  [...it.querySelectorAll("button, .who, .text")].map(part => part.textContent).join("|") + (it.className && "|" + it.className))`)

/** Annotates, and waits until all these windows show it. */
const annotate = async (writer, text, ...readers) => {
  await writer.enter("body", text)
  for (const window of [writer, ...readers]) { await window.until(shows(text)) }
  await writer.until(`document.getElementById("body").value === ""`)
}

const play = async (browser, servers) => {
  const started = async (port, ...flags) => {
    servers.push(await serve(port, ...flags))
    return servers.at(-1)
  }
  let server = await started("0", ...store)
  const [ana, bea] = [await browser.window(`${server.origin}/?video=7`), await browser.window(`${server.origin}/?video=7`)]
  const both = [ana, bea]

  for (const [window, name] of [[ana, "ana"], [bea, "béa & co"]]) {
    await window.until(is("state", "Connected as anon."))
    await window.enter("name", name)
    await window.until(is("state", `Connected as ${name}.`))
  }
  say("title", await ana.text("title"), "|", await ana.text("empty"))

  await annotate(ana, "first", bea)
  await bea.evaluate(`document.getElementById("position").focus()`)
  for (let n = 0; n < 5; n++) { await bea.press("ArrowRight") }
  await annotate(bea, "<img src=x onerror=alert(1)><b>later</b>", ana)
  await annotate(ana, "second", bea)
  say("ana sees", await list(ana))
  say("the same", String(await list(ana)) === String(await list(bea)))
  say("images", await ana.evaluate(`document.images.length`))
  await ana.enter("body", "")
  await ana.until(`document.getElementById("trouble").textContent`)
  say("empty", await ana.text("trouble"))

  await bea.push("cut")
  await bea.until(begins("state", "You are away"))
  say("bea", await bea.text("state"))
  await annotate(ana, "missed 1")
  await annotate(ana, "missed 2")

  await server.kill()
  await ana.until(begins("state", "You are away"))
  await ana.enter("body", "missed 3")
  await ana.until(`document.getElementById("trouble").textContent`)
  say("ana", await ana.text("trouble"), "|", await ana.evaluate(`document.getElementById("body").value`))
  server = await started(server.port, ...store)
  await ana.until(is("state", "Connected as ana."))
  say("ana", await ana.text("notice"))
  await annotate(ana, "missed 3")
  await bea.push("cut")
  await bea.until(is("state", "Connected as béa & co."))
  say("bea", await bea.text("notice"))
  say("bea sees", await list(bea))

  await server.kill()
  for (const window of both) { await window.until(begins("state", "You are away")) }
  server = await started(server.port, ...store)
  for (const window of both) { await window.until(begins("state", "Connected")) }
  await annotate(bea, "both go on", ana)
  const texts = `[...document.querySelectorAll("#annotations .text")].map(it => it.textContent)`
  for (const window of both) { say("texts", await window.evaluate(texts)) }

  // The browser itself logs each connection that fails while the server is away.
  const ours = both.flatMap(it => it.errors).filter(it => !/ERR_CONNECTION|^WebSocket connection to/.test(it))
  say("errors in the console", ours)
}

/** What phxproof.js does on the test channels. */
const CLIENT = `(async () => {
  const { Socket } = await import("/phxproof.js")
  const told = []
  const tell = (...words) => told.push(words.join(" "))
  const failing = promise => promise.then(() => "ok", error => error.kind + " " + JSON.stringify(error.response))
  const when = (channel, wanted) => new Promise(resolve => channel.onState(({ name }) => name === wanted && resolve()))
  const socket = new Socket("/socket", { timeoutMs: 60_000, backoffMs: [10] })
  const room = "lab:" + Math.random()
  const channel = socket.channel(room, { n: 1 })
  channel.onState(({ name, why }) => tell("channel", name, why ?? ""))
  tell(await failing(channel.push("echo", {})))
  let joined = when(channel, "joined")
  channel.join()
  socket.connect()
  await joined
  tell("echo", JSON.stringify(await channel.push("echo", { text: "häß" })))
  tell("echo_error", await failing(channel.push("echo_error", { code: 7 })))
  await channel.push("put", { key: "a", value: 1 })
  joined = when(channel, "joined")
  tell("crash", await failing(channel.push("crash", {})))
  await joined
  tell("after the crash", JSON.stringify(await channel.push("get", { key: "a" })))
  // A binary broadcast of another client is dropped.
  const raw = new WebSocket(location.origin.replace("http", "ws") + "/socket/websocket?vsn=2.0.0")
  await new Promise(resolve => raw.onopen = resolve)
  raw.send(JSON.stringify(["1", "1", room, "phx_join", {}]))
  await new Promise(resolve => raw.onmessage = resolve)
  const answered = new Promise(resolve => raw.onmessage = ({ data }) => typeof data === "string" && resolve())
  raw.send(Uint8Array.from([0, 1, 1, room.length, 9, ..."12" + room + "broadcast", 255].map(it => it.charCodeAt?.(0) ?? it)))
  await answered
  const heard = new Promise(resolve => channel.on("broadcasted", resolve))
  await channel.push("broadcast", { n: 2 })
  tell("broadcast", JSON.stringify(await heard))
  channel.leave()
  tell(await failing(channel.push("echo", {})))
  const denied = socket.channel(room + "b", { deny: "no" })
  const refused = when(denied, "refused")
  denied.join()
  await refused
  tell("denied", JSON.stringify(denied.state))
  socket.disconnect()
  tell("socket", JSON.stringify(socket.state))
  const impatient = new Socket("/socket", { timeoutMs: 1000 })
  const quiet = impatient.channel(room)
  const late = new Promise(resolve => quiet.onJoin(() => resolve(failing(quiet.push("ignore", {})))))
  quiet.join()
  impatient.connect()
  tell("ignored", await late)
  impatient.disconnect()
  return told
})()`

/** What it does where heartbeats are not answered. */
const SILENCE = `(async () => {
  const { Socket } = await import("/phxproof.js")
  const socket = new Socket("/socket", { heartbeatMs: 20, backoffMs: [10] })
  const channel = socket.channel("lab:" + Math.random())
  const failed = new Promise(resolve => channel.onJoin(() => channel.push("ignore", {}).catch(error => resolve(error.kind))))
  channel.join()
  const lost = new Promise(resolve => socket.onState(({ name, why }) => name === "waiting" && resolve(why)))
  socket.connect()
  const told = [await lost, await failed]
  socket.disconnect()
  return told
})()`

const servers = []
const browser = new Browser(chromium)
try {
  await play(browser, servers)
  const window = await browser.window(servers.at(-1).origin)
  for (const line of await soon("the client", window.evaluate(CLIENT))) { say(line.trim()) }
  servers.push(await serve("0", "--fault", "heartbeat-unanswered"))
  const silent = await browser.window(servers.at(-1).origin)
  for (const line of await soon("silence", silent.evaluate(SILENCE))) { say(line) }
} catch (error) {
  say("failed:", error.message)
  process.exitCode = 1
} finally {
  for (const { kill } of servers) { await kill() }
  await browser.end()
}
