/** A page's port, joined to the engine that `assay serve` serves elsewhere. */
import { MessageChannelMain } from 'electron'
import type { MessagePortMain } from 'electron'
import { WebSocket } from 'ws'
import type { RemoteLink } from './remoteLink'

/** Longest wait for an answer, in ms. */
const PATIENCE_MS = 10_000

/** The server pings three times in this time: when none comes a tunnel broke unheard, in ms. */
const SILENCE_MS = 60_000

/**
 * The page may open no connection itself: text goes both ways through here, as it is.
 *
 * @throws Error in words, where nobody answers or the token is refused
 */
export async function connectRemote({ address, host }: RemoteLink): Promise<MessagePortMain> {
  const socket = new WebSocket(address, { handshakeTimeout: PATIENCE_MS, maxPayload: 1 << 28 })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_, { statusCode }) => {
      socket.terminate()
      const why = statusCode === 403 ? 'it refuses the token' : `it answered ${statusCode}`
      reject(
        new Error(`The engine at ${host} is not opened: ${why}. Take the link that it printed.`)
      )
    })
    socket.once('error', (error) =>
      reject(new Error(`The engine at ${host} does not answer: ${error.message}`))
    )
  })
  const { port1, port2 } = new MessageChannelMain()
  let silence = setTimeout(() => socket.terminate(), SILENCE_MS)
  socket.on('ping', () => {
    clearTimeout(silence)
    silence = setTimeout(() => socket.terminate(), SILENCE_MS)
  })
  socket.on('error', () => socket.terminate())
  socket.on('message', (data) => port2.postMessage(String(data)))
  socket.on('close', () => {
    clearTimeout(silence)
    port2.close()
  })
  port2.on('message', ({ data }) => socket.send(String(data)))
  port2.on('close', () => socket.close())
  port2.start()
  return port1
}
