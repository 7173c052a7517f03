const status = document.getElementById("live");
const events = new EventSource("events");
const form = document.getElementById("rate");
const show = (event) => {
  const next = new DOMParser().parseFromString(JSON.parse(event.data), "text/html");
  document.title = next.title;
  document.querySelector("main").replaceWith(next.querySelector("main"));
};
events.addEventListener("page", (event) => {
  show(event);
  status.textContent = "This page follows the run.";
});
events.addEventListener("over", (event) => {
  events.close();
  show(event);
  status.textContent = "The run is over. This is its report.";
  form?.remove();
});
events.addEventListener("error", () => {
  status.textContent = "The run cannot be reached. The page tries again.";
});
if (form) {
  const said = form.querySelector("output");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch("rate", { method: "PUT", body: form.elements.rate.value });
      said.textContent = answer.ok ? "changed" : await answer.text();
    } catch {
      said.textContent = "The run cannot be reached.";
    }
  });
}
