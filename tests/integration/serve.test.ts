import { request } from 'node:http'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { connect } from '#shared/port'
import { assay, assayDone } from '../support/commandLine'
import { serveProject } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

async function served() {
  const project = join(await temporaryFolder(), 'my-study')
  await assayDone(['new', project])
  const { link } = await serveProject(project)
  const address = new URL(link)
  return { project, address, token: address.hash.slice(1) }
}

/** Status of a request, sent as it is: no client tidies its path. */
function statusOf(address: URL, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; policy: string | undefined }>((done, fail) => {
    const { hostname, port } = address
    request({ hostname, port, path, headers }, (response) => {
      response.resume()
      const policy = response.headers['content-security-policy'] as string | undefined
      done({ status: response.statusCode!, policy })
    })
      .on('error', fail)
      .end()
  })
}

/** Opens a socket; gives the HTTP status where it is refused. */
function socketTo(address: URL, token: string, headers: Record<string, string> = {}) {
  const url = `ws://${address.host}/engine?token=${token}`
  const socket = new WebSocket(url, { headers })
  return new Promise<WebSocket | number>((done, fail) => {
    socket.once('open', () => done(socket))
    socket.once('unexpected-response', (_, response) => done(response.statusCode!))
    socket.once('error', fail)
  })
}

test('the window comes with a strict policy; nothing else of the disk is served', async () => {
  const { address } = await served()
  expect(await statusOf(address, '/')).toEqual({
    status: 200,
    policy: expect.stringContaining("default-src 'none'; script-src 'self'") as string
  })
  for (const path of [
    '/../main/cli.cjs',
    '/%2e%2e/main/cli.cjs',
    '/../built.json',
    '/etc/passwd'
  ]) {
    expect([path, (await statusOf(address, path)).status]).toEqual([path, 404])
  }
  expect((await statusOf(address, '/', { host: 'evil.example' })).status).toBe(403)
  expect((await statusOf(address, '/', { origin: 'http://evil.example' })).status).toBe(403)
  const { headers } = await fetch(`http://${address.host}/`)
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
})

test('the engine is given to those who know the token, from pages of this address', async () => {
  const { address, token } = await served()
  const origin = `http://${address.host}`
  expect(await socketTo(address, 'guessed')).toBe(403)
  expect(await socketTo(address, token, { origin: 'http://evil.example' })).toBe(403)
  expect(await socketTo(address, token, { host: 'evil.example' })).toBe(403)
  expect(
    await socketTo(address, token, { host: 'evil.example', origin: 'http://evil.example' })
  ).toBe(403)
  const socket = (await socketTo(address, token, { origin })) as WebSocket
  const api = connect({
    send: (text) => socket.send(text),
    onText: (listener) => void socket.on('message', (data) => listener(String(data))),
    onClose: (listener) => void socket.on('close', listener)
  })
  expect(await api.readProject({})).toMatchObject({ title: 'my-study', isReadOnly: false })
  await expect(api.runStudy({ study: 'my-study' })).resolves.toEqual({})
  socket.close()
})

test('peers that misbehave end neither the server nor what it serves', async () => {
  const { address, token } = await served()
  const raw = createConnection(Number(address.port), '127.0.0.1')
  await new Promise((done) => raw.once('connect', done))
  raw.write(`GET /engine?token=x HTTP/1.1\r\nHost: ${address.host}\r\nUpgrade: websocket\r\n`)
  raw.write('Connection: Upgrade\r\n\r\n')
  raw.resetAndDestroy()
  const socket = (await socketTo(address, token)) as WebSocket
  socket.on('error', () => undefined)
  const closed = new Promise((done) => socket.once('close', done))
  socket.send('x'.repeat(9 << 20))
  await closed
  expect((await statusOf(address, '/')).status).toBe(200)
})

test('a port in use is said to be in use', async () => {
  const { project, address } = await served()
  const second = await assay(['serve', project, '--read-only', '--port', address.port])
  expect([second.status, second.stderr]).toEqual([2, expect.stringContaining('another --port')])
})

test('a project that is served is in use; another may look at it', async () => {
  const { project } = await served()
  const second = await assay(['serve', project])
  expect([second.status, second.stderr]).toEqual([
    1,
    expect.stringContaining('is in use by process')
  ])
  const { link } = await serveProject(project, ['--read-only'])
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{22}$/)
})
