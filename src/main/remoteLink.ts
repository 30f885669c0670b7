/** The link of an engine that is served elsewhere. */
import { LOOPBACK } from '#shared/page'

/** A link as `assay serve` prints it. */
export interface RemoteLink {
  /** Of the WebSocket, with its token. */
  address: URL
  /** Host and port, to be shown. */
  host: string
  isLoopback: boolean
}

/** Reads `http://HOST:PORT/#TOKEN`; null where it is none. */
export function parseLink(text: string): RemoteLink | null {
  if (!URL.canParse(text)) return null
  const { protocol, host, hostname, hash } = new URL(text)
  const token = hash.slice(1)
  if ((protocol !== 'http:' && protocol !== 'https:') || token === '') return null
  const address = new URL(`${protocol === 'http:' ? 'ws' : 'wss'}://${host}/engine`)
  address.searchParams.set('token', token)
  return { address, host, isLoopback: LOOPBACK.has(hostname) }
}
