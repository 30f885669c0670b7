/** Whoever has the link talks nonsense to `assay serve`: it neither falls, nor tells, nor grows. */
import { createConnection } from 'node:net'
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import type { ProjectData } from '#engine/storage/projectFormat'
import { connect } from '#shared/port'
import { assayDone } from '../support/commandLine'
import { hostileTexts } from '../support/hostileTexts'
import type { Known } from '../support/hostileTexts'
import { serveFolder } from '../support/servedProject'
import { temporaryFolder } from '../support/temporaryFolder'

const SECRET = 'what-no-client-may-read-7f3a'
const MESSAGES = 10_000
const SOCKETS = 8

/** A project that was run to its end: text, curves, models, measurements. */
const FINISHED = 'tests/golden/projects/version-4'

/** @param made what is served under the name `served`: an empty project, where nothing is given */
async function served(made?: string) {
  const around = await temporaryFolder()
  await writeFile(join(around, 'secret.txt'), SECRET)
  const folder = join(around, 'projects')
  await mkdir(folder)
  if (made === undefined) await assayDone(['new', join(folder, 'served')])
  else {
    await cp(made, join(folder, 'served'), { recursive: true })
    // Beside its text too.
    await writeFile(join(folder, 'served', 'corpora', 'secret.txt'), SECRET)
  }
  const { link, child } = await serveFolder(folder, {
    ASSAY_TEST_SECRET: SECRET,
    NODE_OPTIONS: '--trace-warnings'
  })
  const address = new URL(link)
  return { around, folder, child, address, token: address.hash.slice(1) }
}

function open(address: URL, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${address.host}/engine?token=${token}`)
  return new Promise((done, fail) => {
    socket.once('open', () => done(socket))
    socket.once('error', fail)
  })
}

function apiOver(socket: WebSocket) {
  return connect({
    send: (text) => socket.send(text),
    onText: (listener) => void socket.on('message', (data) => listener(String(data))),
    onClose: (listener) => void socket.on('close', listener)
  })
}

/** Sends its share of hostile texts; comes back once what was sent last is answered. */
async function talk(socket: WebSocket, seed: number, known: Known, heard: (text: string) => void) {
  await apiOver(socket).openProject({ id: 'served', readOnly: seed % 2 === 0 })
  socket.on('message', (data) => heard(String(data)))
  const texts = hostileTexts(seed, known)
  for (let i = 0; i < MESSAGES / SOCKETS; i++) {
    const text = texts.next().value as string | Buffer
    // Binary frames too: a client need not say that bytes are text, nor send what is UTF-8 as such.
    socket.send(text, { binary: typeof text !== 'string' })
  }
  const last = 1_000_000_000 + seed
  const answered = new Promise<void>((done, fail) => {
    socket.on('message', (data) => String(data).startsWith(`{"id":${last},`) && done())
    socket.once('close', () => fail(new Error(`socket ${seed} was closed`)))
  })
  socket.send(JSON.stringify({ id: last, command: 'readDesk', input: {} }))
  await answered
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024
}

const openFiles = async (pid: number) => (await readdir(`/proc/${pid}/fd`)).length

test('10,000 malformed and bent messages: nothing falls, nothing is told, nothing is left', async () => {
  const { around, folder, child, address, token } = await served(FINISHED)
  const pid = child.pid!
  const said: string[] = []
  child.stdout!.on('data', (data) => said.push(String(data)))
  child.stderr!.on('data', (data) => said.push(String(data)))
  const first = await open(address, token)
  await apiOver(first).readDesk({})
  const records = JSON.parse(
    await readFile(join(folder, 'served', 'project.assay'), 'utf8')
  ) as ProjectData
  const known: Known = {
    study: records.studies[0]!.name,
    run: records.runs.find(({ role }) => role === 'branch')!.fingerprint,
    partitions: ['code', 'law']
  }
  const before = { files: await openFiles(pid), bytes: await residentBytes(pid) }

  const answers: string[] = []
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => open(address, token)))
  await Promise.all(sockets.map((one, i) => talk(one, i + 1, known, (text) => answers.push(text))))
  for (const one of sockets) one.terminate()

  // What the project holds was told: its text, its partitions, its report.
  for (const held of ['"texts":[', '"overlaps":', '"headline":']) {
    expect([held, answers.some((text) => text.includes(held))]).toEqual([held, true])
  }

  // Every call was answered, none with what is nobody's business.
  expect(answers.length).toBeGreaterThan(MESSAGES / 4)
  // The log of the process, which a window shows, has where a bug arose.
  const isLog = (text: string) => /^\{"id":\d+,"output":\[\{"number":/.test(text)
  const told = answers.filter(
    (text) =>
      text.includes(SECRET) || /root:.*:0:0:/.test(text) || (!isLog(text) && /\.cjs:\d+/.test(text))
  )
  expect(told).toEqual([])
  // A copy that was called off is no bug, though it has no code of its own.
  const isCalledOff = (text: string) => /cancelled by the user|another copy was begun/.test(text)
  expect(answers.filter((text) => text.includes('"code":"bug"') && !isCalledOff(text))).toEqual([])

  // It still serves whoever was there, and whoever comes.
  expect(child.exitCode).toBe(null)
  expect((await apiOver(first).readDesk({})).shelf).toBe('folder')
  const late = apiOver(await open(address, token))
  await late.openProject({ id: 'served', readOnly: true })
  expect(await late.readProject({})).toMatchObject({ title: 'served' })
  expect((await fetch(`http://${address.host}/`)).status).toBe(200)
  expect(said).toEqual([])

  // Nothing was written beside the projects, and all their folders are projects.
  expect((await readdir(around)).sort()).toEqual(['projects', 'secret.txt'])
  await vi.waitFor(async () => {
    // The last that was asked for may still be in the making.
    for (const name of await readdir(folder)) {
      const files = await readdir(join(folder, name))
      expect([name, files.includes('project.assay'), files]).toEqual([name, true, files])
    }
  }, 10_000)
  // A project that nobody looks at any more stays open for 20 s.
  await vi.waitFor(async () => expect(await openFiles(pid)).toBeLessThan(before.files + 20), 40_000)
  expect((await residentBytes(pid)) - before.bytes).toBeLessThan(400e6)
}, 240_000)

test('who has the link sets no command of a cluster, and none is run', async () => {
  const { around, address, token } = await served()
  const api = apiOver(await open(address, token))
  expect((await api.readDesk({})).setsCommands).toBe(false)
  await api.openProject({ id: 'served', readOnly: false })
  const [study] = (await api.readProject({})).studies
  const touch = `touch ${join(around, 'was-here')}`
  const slurm = { kind: 'slurm', timeMinutes: 1 }
  for (const commands of [
    { setup: [touch] },
    { options: [`--output=${join(around, 'was-here')}`] },
    { container: touch },
    { command: touch },
    { host: 'elsewhere' },
    { host: `-oProxyCommand=${touch}` },
    { host: 'elsewhere', folder: around }
  ]) {
    const draft = { study: { ...study, executor: { ...slurm, ...commands } } }
    const asked = [api.saveStudy(draft), api.checkCluster(draft), api.previewScript(draft)]
    for (const one of await Promise.allSettled(asked)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'study/invalid' } })
    }
  }
  const keys = ['a'.repeat(64)]
  await expect(api.confirmCommands({ study: study!.name, keys })).rejects.toMatchObject({
    code: 'study/unconfirmed'
  })
  expect((await api.readProject({})).studies[0]!.executor).toBeUndefined()
  expect((await readdir(around)).sort()).toEqual(['projects', 'secret.txt'])
})

test('frames that no WebSocket has end their own connection only', async () => {
  const { child, address, token } = await served()
  const good = apiOver(await open(address, token))
  const upgrade = `GET /engine?token=${token} HTTP/1.1\r\nHost: ${address.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
  const frames = [
    // Unmasked; a reserved opcode; a control frame that is too long; one that says it is 2^62 long.
    [0x81, 0x02, 0x7b, 0x7d],
    [0x8b, 0x80, 0, 0, 0, 0],
    [0x89, 0xfe, 0xff, 0xff, 0, 0, 0, 0],
    [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    // Text that is no UTF-8; a continuation of nothing.
    [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
    [0x80, 0x80, 0, 0, 0, 0]
  ]
  for (const frame of frames) {
    const raw = createConnection(Number(address.port), address.hostname)
    raw.on('error', () => undefined)
    const ended = new Promise((done) => raw.once('close', done))
    raw.write(upgrade)
    await new Promise((done) => raw.once('data', done))
    raw.write(Buffer.from(frame))
    await ended
  }
  expect(child.exitCode).toBe(null)
  expect((await good.readDesk({})).shelf).toBe('folder')
})

test('more windows than a person has are refused, and those there are go on', async () => {
  const { address, token } = await served()
  const sockets: WebSocket[] = []
  for (let i = 0; i < 64; i++) sockets.push(await open(address, token))
  await expect(open(address, token)).rejects.toThrow('503')
  expect((await apiOver(sockets[0]!).readDesk({})).shelf).toBe('folder')
  const left = new Promise((done) => sockets[1]!.once('close', done))
  sockets[1]!.terminate()
  await left
  await vi.waitFor(async () => sockets.push(await open(address, token)), 5000)
  for (const one of sockets) one.terminate()
})
