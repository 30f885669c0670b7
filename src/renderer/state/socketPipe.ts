/** A WebSocket as a pipe. */
import type { Pipe } from '#shared/port'

/** The other end is asked for a sign of life so often, and given up without one, in ms. */
const PING_MS = 10_000
const SILENCE_MS = 35_000

/** Opens a socket; rejects when nobody answers or the door stays shut. */
export function openSocket(address: URL): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    socket.onerror = () => reject(new Error('no answer'))
    socket.onopen = () => {
      const heard = keepAlive(socket)
      resolve({
        send: (text) => socket.send(text),
        onText: (listener) => {
          socket.onmessage = (message) => {
            heard()
            // An empty text is the answer to ours: a sign of life, nothing more.
            if (message.data !== '') listener(String(message.data))
          }
        },
        onClose: (listener) => socket.addEventListener('close', listener)
      })
    }
  })
}

/**
 * Closes a socket whose other end is silent: a tunnel that broke tells nobody.
 *
 * @returns to be called whenever something was heard
 */
function keepAlive(socket: WebSocket): () => void {
  let lastHeard = performance.now()
  const timer = setInterval(() => {
    if (performance.now() - lastHeard > SILENCE_MS) socket.close()
    else if (socket.readyState === socket.OPEN) socket.send('')
  }, PING_MS)
  socket.addEventListener('close', () => clearInterval(timer))
  return () => (lastHeard = performance.now())
}
