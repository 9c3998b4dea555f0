// Lets the search run where the book is read from files: a browser starts no worker there, so the worker's script runs
// in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(address) {
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.onload = () => this.start(new URL(address, document.baseURI));
      document.body.append(this.frame);
    }
    start(address) {
      const inside = this.frame.contentWindow;
      // As from a real worker, no message arrives before the sender has finished.
      inside.postMessage = (data) =>
        setTimeout(() => this.onmessage?.(new MessageEvent("message", { data })));
      const script = inside.document.createElement("script");
      script.src = address;
      script.onload = () => {
        this.postMessage = (data) =>
          setTimeout(() => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
        this.waiting.forEach((data) => this.postMessage(data));
      };
      inside.document.head.append(script);
    }
    postMessage(data) {
      this.waiting.push(data);
    }
    terminate() {
      this.frame.remove();
    }
  };
}
