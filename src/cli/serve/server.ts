/** The window's files and the engine's pipe over HTTP, for this machine's own browsers. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { EngineApi } from '#shared/contract'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import { LOOPBACK, PAGE_HEADERS, PAGE_TYPES } from '#shared/page'
import { serve } from '#shared/port'
import type { Pipe } from '#shared/port'
import { limitPace } from './pace'

/** What one socket is given: an engine of its own to ask, and what to do when it is gone. */
export interface Visitor {
  api: EngineApi
  leave: () => Promise<void>
  /** Hears of every call that was refused or failed. */
  onRefusal?: (command: string, error: PlainError) => void
}

export interface ServeOptions {
  /** Folder of the built window. */
  files: string
  host: string
  /** 0: any that is free. */
  port: number
}

/** A server that listens. */
export interface RunningServer {
  /** Link to open; its fragment, which no browser sends, carries the token. */
  link: string
  close(): Promise<void>
}

/** A socket that answers no ping for so long is gone, in ms. */
const PING_MS = 20_000

/** Windows that look at once; each more is refused, and those there are not disturbed. */
const MOST_SOCKETS = 64

/** Connections of any kind at once. */
const MOST_CONNECTIONS = 512

/** The largest text that is taken, in bytes: a piece of a dropped file is a third of it. */
const LARGEST_TEXT = 8 << 20

/** Who leaves so much unread, in bytes, is let go of: it would fill this machine's memory. */
const MOST_UNREAD = 256 << 20

/**
 * Serves the window and, to those who know the token, the engine.
 *
 * A page of another origin, or one that reached this address under another name, gets no pipe.
 */
export async function startServer(
  welcome: () => Promise<Visitor>,
  options: ServeOptions
): Promise<RunningServer> {
  const token = randomBytes(16).toString('base64url')
  const http = createServer(TIME_LIMITS, (request, response) => {
    sendFile(request, response, options).catch(() => response.destroy())
  })
  http.maxConnections = MOST_CONNECTIONS
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_TEXT })
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A peer that hangs up amid this is no affair of the study that runs here.
    socket.on('error', () => socket.destroy())
    if (!isAllowed(request, options.host) || !knowsToken(request, token)) {
      return refuse(socket, '403 Forbidden')
    }
    if (sockets.clients.size >= MOST_SOCKETS) return refuse(socket, '503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (one) => {
      one.on('error', () => one.terminate())
      receive(one, welcome).catch(() => one.terminate())
    })
  })
  await listen(http, options)
  const { port } = http.address() as AddressInfo
  return {
    link: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/#${token}`,
    close: async () => {
      for (const one of sockets.clients) one.terminate()
      await new Promise((done) => http.close(done))
    }
  }
}

/** Who sends a request slower than this is let go of, in ms. */
const TIME_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 5_000
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
}

/** Serves one socket until it is gone; what it says before its engine is ready waits. */
async function receive(socket: WebSocket, welcome: () => Promise<Visitor>): Promise<void> {
  const early: string[] = []
  const keep = (data: unknown) => early.push(String(data))
  socket.on('message', keep)
  // What has come with the first words is kept; the rest waits on the wire.
  socket.pause()
  endWhenSilent(socket)
  const visitor = await welcome().catch(() => null)
  if (!visitor) return socket.terminate()
  const leave = () =>
    visitor.leave().catch((error: unknown) => visitor.onRefusal?.('leave', toPlain(error)))
  if (socket.readyState !== socket.OPEN) return leave()
  socket.on('close', leave)
  socket.off('message', keep)
  serve(visitor.api, pipeOver(socket, early), visitor.onRefusal)
  socket.resume()
  limitPace(socket)
}

/** A tunnel that broke tells nobody: who answers no ping is taken for gone. */
function endWhenSilent(socket: WebSocket): void {
  let isAlive = true
  socket.on('pong', () => (isAlive = true))
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, PING_MS)
  socket.on('close', () => clearInterval(timer))
}

function listen(http: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error) =>
      reject(
        new WorkbenchError(
          'usage/invalid',
          `The address ${host}, port ${port}, cannot be listened on: ${error.message}. Choose another --port, or 0 for any that is free.`,
          { host, port },
          { cause: error }
        )
      )
    )
    http.listen(port, host, resolve)
  })
}

function isLocal(hostname: string, bound: string): boolean {
  return LOOPBACK.has(hostname) || hostname === bound
}

/** True for requests to this machine under its own name, and from pages that came from there. */
function isAllowed(request: IncomingMessage, bound: string): boolean {
  const host = URL.parse(`http://${request.headers.host ?? ''}`)
  if (!host || !isLocal(host.hostname, bound)) return false
  const { origin } = request.headers
  return origin === undefined || origin === host.origin
}

/** Takes the same time whatever was given: hashes are compared, of one length. */
function knowsToken(request: IncomingMessage, token: string): boolean {
  const url = URL.parse(request.url ?? '', 'http://localhost')
  const given = url?.pathname === '/engine' ? (url.searchParams.get('token') ?? '') : ''
  const hashed = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hashed(given), hashed(token))
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { files, host }: ServeOptions
): Promise<void> {
  if (!isAllowed(request, host)) {
    response.writeHead(403, PAGE_HEADERS).end('This address is not served under that name.')
    return
  }
  const path = URL.parse(request.url ?? '', 'http://localhost')?.pathname ?? '/'
  const name = normalize(path === '/' ? '/index.html' : path)
  const type = PAGE_TYPES[extname(name)]
  const isAsked = request.method === 'GET' && type !== undefined && !name.includes('..')
  const data = isAsked ? await readFile(join(files, name)).catch(() => null) : null
  if (data === null) {
    response.writeHead(404, PAGE_HEADERS).end('There is nothing here.')
    return
  }
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': type! }).end(data)
}

/** A browser cannot ping: it sends an empty text, and is sent one back. */
function pipeOver(socket: WebSocket, early: readonly string[]): Pipe {
  const send = (text: string) => {
    if (socket.bufferedAmount > MOST_UNREAD) socket.terminate()
    if (socket.readyState === socket.OPEN) socket.send(text)
  }
  return {
    send,
    onText: (listener) => {
      for (const text of early) listener(text)
      socket.on('message', (data) => {
        const text = String(data)
        if (text === '') send('')
        else listener(text)
      })
    },
    onClose: (listener) => void socket.on('close', listener)
  }
}
