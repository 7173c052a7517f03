// The watch page: plays the time line of a video and shows its annotations as they come.

import { Socket, PushError } from "/phxproof.js"

const VIDEOS = ["1", "2", "3"]
const LENGTH_MS = 10 * 60_000
const CAPTION_MS = 5_000
// Ids of annotations that two people write at once may come out of order, so a rejoin asks for some that it may have.
const OVERLAP = 16

const at = id => document.getElementById(id)
/** Text that stays the same is left alone, so that nothing reads it out again. */
const write = (id, text) => { if (at(id).textContent !== text) { at(id).textContent = text } }
const query = new URLSearchParams(location.search)
const video = query.get("video") || VIDEOS[0]

// ---- the connection ------------------------------------------------------------------------------------------------

let name = sessionStorage.getItem("name") ?? ""

const signed = async () => {
  if (name === "") { return {} }
  const answer = await fetch(`/token/${encodeURIComponent(name)}`)
    .catch(() => { throw new Error("the server cannot be reached") })
  if (!answer.ok) { throw new Error(`the server gave no token (${answer.status})`) }
  return { token: await answer.text() }
}

const annotations = [] // by `at`, then by id
const known = new Set()
let newest = 0

const socket = new Socket("/socket", { params: signed })
const channel = socket.channel(`videos:${video}`, () => ({ last_seen_id: Math.max(0, newest - OVERLAP) }))

let wasAway = false
let joins = 0

const showState = () => {
  const { name: line, why, retryAt } = socket.state
  const [short, text] = {
    closed: () => ["away", "You are away: you cut the connection."],
    connecting: () => ["connecting", joins === 0 ? "Connecting…" : "You are away: connecting again…"],
    waiting: () => {
      const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))
      return ["away", `You are away: ${why}. Next try in ${seconds} s.`]
    },
    open: () => ({
      joined: ["joined", `Connected as ${name || "anon"}.`],
      refused: ["refused", `The server refused the video: ${channel.state.why}.`],
      joining: ["connecting", "Joining…"],
      closed: ["away", `You are away: ${channel.state.why}.`],
      waiting: ["away", `You are away: ${channel.state.why}. The page joins again.`],
    })[channel.state.name],
  }[line]()
  write("state", text)
  at("lamp").dataset.state = short
  at("retry").hidden = line !== "waiting"
  write("cut", line === "closed" ? "Come back" : "Cut the connection")
}

const noteAway = () => {
  if (joins > 0) {
    wasAway = true
    at("notice").textContent = ""
  }
}

socket.onState(({ name: line }) => {
  if (line === "waiting") { noteAway() }
  showState()
})
channel.onState(({ name: state }) => {
  if (state === "waiting" && socket.state.name === "open") { noteAway() }
  showState()
})

channel.onJoin(({ annotations: came }) => {
  const missed = came.filter(add)
  if (wasAway) {
    at("notice").textContent = `You were away, ${counted(missed.length)} caught up`
    for (const { id } of missed) { at(`annotation-${id}`).classList.add("caught") }
  }
  wasAway = false
  joins++
  showList()
})

channel.on("new_annotation", annotation => {
  if (add(annotation)) {
    at("latest").textContent = `${shownName(annotation)} at ${clock(annotation.at)}: ${annotation.body}`
    showList()
  }
})

const counted = count => `${count} annotation${count === 1 ? "" : "s"}`

// ---- the annotations -----------------------------------------------------------------------------------------------

/** Adds an annotation at its place in the list; says whether it is a new one. */
const add = annotation => {
  if (known.has(annotation.id)) { return false }
  known.add(annotation.id)
  newest = Math.max(newest, annotation.id)
  let place = annotations.length
  while (place > 0 && isBefore(annotation, annotations[place - 1])) { place-- }
  annotations.splice(place, 0, annotation)
  at("annotations").insertBefore(item(annotation), at("annotations").children[place] ?? null)
  return true
}

const isBefore = (one, other) => one.at < other.at || (one.at === other.at && one.id < other.id)

const item = annotation => {
  const seek = element("button", clock(annotation.at))
  seek.type = "button"
  seek.setAttribute("aria-label", `Go to ${clock(annotation.at)}`)
  seek.addEventListener("click", () => goTo(annotation.at))
  const words = element("div", "")
  words.append(element("p", shownName(annotation), "who"), element("p", annotation.body, "text"))
  const item = element("li", "")
  item.id = `annotation-${annotation.id}`
  item.append(seek, words)
  return item
}

const element = (tag, text, className = "") => Object.assign(document.createElement(tag), { textContent: text, className })

/** `/token/NAME` signs a name as it stands in the path, so blanks and letters beyond ASCII come back percent-encoded. */
const shownName = ({ user: { username } }) => {
  try {
    return decodeURIComponent(username)
  } catch {
    return username
  }
}

const showList = () => {
  at("empty").hidden = annotations.length > 0
  at("heading").textContent = annotations.length > 0 ? `Annotations (${annotations.length})` : "Annotations"
  const places = new Set(annotations.map(it => Math.round(Math.min(it.at / LENGTH_MS, 1) * 1000)))
  at("marks").setAttribute("d", [...places].map(place => `M${place} 0V10`).join(""))
  showMoment()
}

// ---- the player ----------------------------------------------------------------------------------------------------

let position = 0
let playing = null // when it was started, and from where
const prefersStill = matchMedia("(prefers-reduced-motion: reduce)")

const clock = ms => {
  // The server keeps integers of any size.
  const seconds = Math.min(Math.floor(ms / 1000), 359_999)
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = number => String(number).padStart(2, "0")
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

const showMoment = () => {
  at("position").value = position
  at("position").setAttribute("aria-valuetext", clock(position))
  write("time", `${clock(position)} / ${clock(LENGTH_MS)}`)
  write("send", `Annotate at ${clock(position)}`)
  write("second", String(Math.floor(position / 1000) % 60))
  at("hand").setAttribute("transform", `rotate(${prefersStill.matches ? 0 : (position % 1000) * 0.36})`)
  write("play", playing ? "Pause" : "Play")
  const current = annotations.findLast(it => it.at <= position && it.at > position - CAPTION_MS)
  at("subtitle").hidden = !current
  write("caption", current ? `${shownName(current)}: ${current.body}` : "")
}

const goTo = ms => {
  position = Math.min(Math.max(0, ms), LENGTH_MS)
  if (playing) { playing = { since: performance.now(), from: position } }
  showMoment()
}

const advance = now => {
  if (!playing) { return }
  position = Math.min(Math.max(playing.from, playing.from + now - playing.since), LENGTH_MS)
  if (position === LENGTH_MS) { playing = null }
  showMoment()
  requestAnimationFrame(advance)
}

at("position").max = LENGTH_MS
at("position").addEventListener("input", ({ target }) => goTo(Number(target.value)))
at("play").addEventListener("click", () => {
  if (playing) {
    playing = null
  } else {
    if (position === LENGTH_MS) { position = 0 }
    playing = { since: performance.now(), from: position }
    requestAnimationFrame(advance)
  }
  showMoment()
})

// ---- what the user does --------------------------------------------------------------------------------------------

const FIELDS = { body: "The annotation", at: "The place in the video" }

/** What is wrong with an annotation that was not kept, in words. */
const trouble = error => {
  const { errors } = error.response
  return {
    refused: errors ? Object.entries(errors).map(([field, texts]) => `${FIELDS[field] ?? field} ${texts.join(", ")}.`).join(" ") : error.message,
    timeout: "The server did not answer. If it kept the annotation, it will appear.",
    lost: "The connection ended before the server answered. If it kept the annotation, it will appear.",
    "not-joined": "You are away. The annotation was not sent.",
  }[error.kind]
}

at("annotate").addEventListener("submit", async event => {
  event.preventDefault()
  const body = at("body").value
  at("trouble").textContent = ""
  try {
    await channel.push("new_annotation", { body, at: Math.floor(position) })
    if (at("body").value === body) { at("body").value = "" }
  } catch (error) {
    if (!(error instanceof PushError)) { throw error }
    at("trouble").textContent = trouble(error)
  }
})

at("naming").addEventListener("submit", event => {
  event.preventDefault()
  name = at("name").value.trim()
  sessionStorage.setItem("name", name)
  if (socket.state.name !== "closed") {
    socket.disconnect()
    socket.connect()
  }
})

at("cut").addEventListener("click", () => {
  if (socket.state.name === "closed") {
    socket.connect()
  } else {
    socket.disconnect()
    noteAway()
  }
})
at("retry").addEventListener("click", () => socket.connect())
addEventListener("online", () => socket.state.name === "waiting" && socket.connect())
setInterval(() => socket.state.name === "waiting" && showState(), 250)

// ---- the start -----------------------------------------------------------------------------------------------------

document.title = `Rumbl: video ${video}`
at("title").textContent = `Video ${video}`
at("topic").textContent = `videos:${video}`
at("name").value = name
for (const each of VIDEOS) {
  const link = element("a", each)
  link.href = `/?video=${each}`
  if (each === video) { link.setAttribute("aria-current", "page") }
  const item = element("li", "")
  item.append(link)
  at("videos").append(item)
}
showMoment()
channel.join()
socket.connect()
