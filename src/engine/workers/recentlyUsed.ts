/** Keeps values in memory up to a number of bytes; the least recently used make room. */
export class RecentlyUsed<Value> {
  readonly #values = new Map<string, Value>()
  readonly #bytesOf: (value: Value) => number

  constructor(bytesOf: (value: Value) => number) {
    this.#bytesOf = bytesOf
  }

  /** Bytes of all values held. */
  get bytes(): number {
    return [...this.#values.values()].reduce((sum, one) => sum + this.#bytesOf(one), 0)
  }

  /** The value of a key, read where it is not held; at most `limitBytes` stay, and this one. */
  async take(key: string, limitBytes: number, read: () => Promise<Value>): Promise<Value> {
    const value = this.#values.get(key) ?? (await read())
    this.#values.delete(key)
    this.#values.set(key, value)
    let bytes = this.bytes
    for (const [oldest, held] of this.#values) {
      if (bytes <= limitBytes || oldest === key) break
      this.#values.delete(oldest)
      bytes -= this.#bytesOf(held)
    }
    return value
  }
}
