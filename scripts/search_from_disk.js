// Browsers start no worker from a page on the disk: there, the search runs in a hidden frame.
window.Worker = class {
  constructor(url) {
    this.frame = document.createElement("iframe")
    this.frame.hidden = true
    document.body.append(this.frame)
    const inside = this.frame.contentWindow
    inside.postMessage = (data) => this.onmessage?.({ data: structuredClone(data) })
    const script = inside.document.createElement("script")
    script.src = url
    this.loaded = new Promise((resolve) => { script.onload = resolve })
    inside.document.head.append(script)
  }

  // As between a page and a worker, each gets a copy of its own.
  postMessage(data) {
    const inside = this.frame.contentWindow
    const copy = structuredClone(data)
    this.loaded.then(() => inside.dispatchEvent(new inside.MessageEvent("message", { data: copy })))
  }

  terminate() {
    this.frame.remove()
  }
}
