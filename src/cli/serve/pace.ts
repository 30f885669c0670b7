/** How fast one socket is listened to. */
import type { WebSocket } from 'ws'

/** Texts of one socket that are heard in a second: a window at work sends some dozens. */
const MOST_TEXTS = 500

/**
 * Lets a socket that talks faster than a window ever does wait on the wire until the second is over:
 * nothing it said is lost, and others are served meanwhile.
 */
export function limitPace(socket: WebSocket): void {
  let heard = 0
  socket.on('message', () => {
    heard += 1
    if (heard === MOST_TEXTS) socket.pause()
  })
  const timer = setInterval(() => {
    if (heard >= MOST_TEXTS) socket.resume()
    heard = 0
  }, 1000)
  socket.on('close', () => clearInterval(timer))
}
