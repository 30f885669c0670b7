/** The desktop's engine as a pipe. */
import { PORT_ARRIVES } from '#shared/shell'
import type { ShellBridge } from '#shared/shell'
import type { Pipe } from '#shared/port'

declare global {
  interface Window {
    readonly shell?: ShellBridge
  }
}

/** Asks the desktop for a port to the engine; rejects where none can be reached. */
export async function openShellPipe(shell: ShellBridge): Promise<Pipe> {
  const waiting = new AbortController()
  const arrival = new Promise<MessagePort>((resolve) => {
    const hear = ({ source, data, ports }: MessageEvent) => {
      if (source === window && data === PORT_ARRIVES && ports[0]) resolve(ports[0])
    }
    window.addEventListener('message', hear, { signal: waiting.signal })
  })
  try {
    await shell.connectEngine()
    return pipeOver(await arrival)
  } finally {
    waiting.abort()
  }
}

function pipeOver(port: MessagePort): Pipe {
  return {
    send: (text) => port.postMessage(text),
    onText: (listener) => {
      port.onmessage = ({ data }) => listener(String(data))
    },
    // Electron tells of a port whose other end went away, as browsers have come to do.
    onClose: (listener) => port.addEventListener('close', listener)
  }
}
