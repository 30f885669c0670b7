/** Ports for servers that want to be told one. */
import { createServer } from 'node:net'

/** Below what the system gives to whoever asks for any port. */
const FIRST = 20_000
const END = 32_768

/** Ports that each of two test files that run at once draws from alone. */
const SHARES = 8

let last: number | null = null

/**
 * Ports of the loopback address that nobody listens to. They are not held: what takes them should begin anew with
 * others where it finds one in use.
 */
export async function freePorts(count: number): Promise<number[]> {
  const size = Math.floor((END - FIRST) / SHARES)
  const first = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES) * size
  // Another run of the tests draws from the same: each begins elsewhere.
  last ??= first + Math.floor(Math.random() * size)
  const ports: number[] = []
  for (let tries = 0; ports.length < count && tries < size; tries++) {
    last = first + ((last + 1 - first) % size)
    if (await isFree(last)) ports.push(last)
  }
  if (ports.length < count) throw new Error(`no ${count} free ports from ${first} on`)
  return ports
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
