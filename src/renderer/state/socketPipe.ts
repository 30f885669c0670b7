/** A WebSocket as a pipe. */
import type { Pipe } from '#shared/port'

/** Opens a socket; rejects when nobody answers or the door stays shut. */
export function openSocket(address: URL): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    socket.onerror = () => reject(new Error('no answer'))
    socket.onopen = () =>
      resolve({
        send: (text) => socket.send(text),
        onText: (listener) => {
          socket.onmessage = (message) => listener(String(message.data))
        },
        onClose: (listener) => socket.addEventListener('close', listener)
      })
  })
}
