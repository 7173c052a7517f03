// Drives headless Chromium by the DevTools protocol, through the pipe that needs no package.

import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

// A wait that never ends becomes an error that names it.
const LONGEST_MS = 120_000

export const soon = (what, promise) => {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), LONGEST_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export class Browser {
  #child
  #profile = mkdtempSync(join(tmpdir(), "phxproof-page-"))
  #calls = new Map()
  #windows = new Map()
  #id = 0

  constructor(program) {
    this.#child = spawn(program, [
      "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
      "--disable-background-networking", "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
      `--user-data-dir=${this.#profile}`,
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] })
    let rest = ""
    this.#child.stdio[4].setEncoding("utf8").on("data", text => {
      const messages = (rest + text).split("\0")
      rest = messages.pop()
      for (const message of messages) { this.#receive(JSON.parse(message)) }
    })
    this.#child.on("exit", code => {
      for (const { reject } of this.#calls.values()) { reject(new Error(`Chromium ended with ${code}`)) }
    })
  }

  #receive({ id, sessionId, method, params, result, error }) {
    if (id !== undefined) {
      const { resolve, reject } = this.#calls.get(id)
      this.#calls.delete(id)
      return error ? reject(new Error(error.message)) : resolve(result)
    }
    this.#windows.get(sessionId)?.hear(method, params)
  }

  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#id
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return soon(method, new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject })))
  }

  /** A window with a session of its own. */
  async window(url) {
    const { browserContextId } = await this.call("Target.createBrowserContext")
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId })
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true })
    const window = new Window((method, params) => this.call(method, params, sessionId))
    this.#windows.set(sessionId, window)
    await window.open(url)
    return window
  }

  async end() {
    const exit = new Promise(resolve => this.#child.once("exit", resolve))
    this.call("Browser.close").catch(() => this.#child.kill())
    await soon("the end of Chromium", exit)
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

class Window {
  /** What the console showed as errors. */
  errors = []
  #call
  #loaded = new Set() // by loader
  #wake = () => {}

  constructor(call) { this.#call = call }

  get call() { return this.#call }

  hear(method, params) {
    if (method === "Page.lifecycleEvent" && params.name === "load") {
      this.#loaded.add(params.loaderId)
      this.#wake()
    }
    if (method === "Runtime.exceptionThrown") {
      this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    }
    if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.errors.push(params.args.map(it => it.value ?? it.description).join(" "))
    }
    if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) {
      this.errors.push(params.entry.text)
    }
  }

  async open(url) {
    for (const domain of ["Page", "Runtime", "Log"]) { await this.#call(`${domain}.enable`) }
    await this.#call("Page.setLifecycleEventsEnabled", { enabled: true })
    const { loaderId, errorText } = await this.#call("Page.navigate", { url })
    if (errorText) { throw new Error(`${url}: ${errorText}`) }
    while (!this.#loaded.has(loaderId)) {
      await soon(`the page ${url}`, new Promise(resolve => { this.#wake = resolve }))
    }
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", {
      expression, awaitPromise: true, returnByValue: true,
    })
    if (exceptionDetails) { throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text) }
    return result.value
  }

  /** Waits until an expression is true of the page, and returns its value. It looks again and again, as no event tells of a
      field whose value a script changes. */
  until(expression) {
    return soon(expression, this.evaluate(`new Promise((resolve, reject) => {
      const look = () => {
        try {
          const value = ${expression}
          value ? resolve(value) : setTimeout(look, 10)
        } catch (error) {
          reject(error)
        }
      }
      look()
    })`))
  }

  text(id) { return this.evaluate(`document.getElementById(${JSON.stringify(id)}).innerText`) }

  /** Types a text into a field, in place of what is there, and presses Enter. */
  async enter(id, text) {
    await this.evaluate(`document.getElementById(${JSON.stringify(id)}).select()`)
    await this.#call("Input.insertText", { text })
    await this.press("Enter")
  }

  async press(key) {
    const code = { Enter: 13, " ": 32, ArrowRight: 39 }[key]
    const text = { Enter: "\r", " ": " " }[key]
    await this.#call("Input.dispatchKeyEvent", { type: "keyDown", key, text, windowsVirtualKeyCode: code })
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code })
  }

  /** Presses a button by the keyboard. */
  async push(id) {
    await this.evaluate(`document.getElementById(${JSON.stringify(id)}).focus()`)
    await this.press(" ")
  }
}
