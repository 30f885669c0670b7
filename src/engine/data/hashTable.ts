/** Small marks on many document hashes; a Map of them would need ten times the memory. */

/** Hashes with the marks put on them. */
export interface HashTable {
  /** Marks of the hash that begins at `at`; 0 when it was never added. */
  get(hashes: Buffer, at: number): number
  /** Adds marks to those that are there. */
  add(hashes: Buffer, at: number, marks: number): void
}

/**
 * Creates a table with open addressing over the first 16 bytes of each hash: enough to tell apart
 * more documents than there are.
 *
 * @param capacity hashes that will be added at most
 */
export function createHashTable(capacity: number): HashTable {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(8, capacity * 1.5)))
  const keys = new Uint32Array(slots * 4)
  const values = new Uint8Array(slots)

  const slotOf = (hashes: Buffer, at: number): number => {
    const a = hashes.readUInt32LE(at)
    const b = hashes.readUInt32LE(at + 4)
    const c = hashes.readUInt32LE(at + 8)
    const d = hashes.readUInt32LE(at + 12)
    let slot = a & (slots - 1)
    while (values[slot] !== 0) {
      const key = slot * 4
      if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d)
        break
      slot = (slot + 1) & (slots - 1)
    }
    return slot
  }

  return {
    get: (hashes, at) => values[slotOf(hashes, at)]!,
    add: (hashes, at, marks) => {
      const slot = slotOf(hashes, at)
      for (let word = 0; word < 4; word++) {
        keys[slot * 4 + word] = hashes.readUInt32LE(at + 4 * word)
      }
      values[slot]! |= marks
    }
  }
}
