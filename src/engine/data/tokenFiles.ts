/** Files of token ids: uint16, or uint32 for large vocabularies; little-endian, no header. */
import { closeSync, readSync, statSync } from 'node:fs'
import { openToReadSync, readBytesSync } from '#engine/storage/reading'

export type TokenWidth = 2 | 4

/** Bytes per id: two as long as every id fits. */
export function tokenWidth(vocabularySize: number): TokenWidth {
  return vocabularySize > 65_536 ? 4 : 2
}

/** Ids as the bytes of a token file. */
export function packTokens(ids: ArrayLike<number>, width: TokenWidth): Buffer {
  const packed = width === 2 ? Uint16Array.from(ids) : Uint32Array.from(ids)
  return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
}

/** The bytes of a token file as ids. */
export function unpackTokens(bytes: Buffer, width: TokenWidth): Int32Array {
  const aligned = bytes.byteOffset % width === 0 ? bytes : Buffer.from(bytes)
  const packed =
    width === 2
      ? new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2)
      : new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
  return Int32Array.from(packed)
}

/** A token file open for reading by range. */
export interface TokenReader {
  /** Writes `count` ids from position `first` into `target`. */
  read(first: number, count: number, target: Int32Array, at: number): void
  close(): void
}

/**
 * Opens a token file: small ones are held in memory, of large ones each range is read when it is
 * asked for, so text may be larger than memory.
 *
 * @param bytesInMemory size up to which the file is held
 */
export function openTokens(path: string, width: TokenWidth, bytesInMemory: number): TokenReader {
  if (statSync(path).size <= bytesInMemory) {
    const bytes = readBytesSync(path)
    const start = bytes.byteOffset
    const ids =
      width === 2
        ? new Uint16Array(bytes.buffer, start, bytes.length / 2)
        : new Uint32Array(bytes.buffer, start, bytes.length / 4)
    return {
      read: (first, count, target, at) => target.set(ids.subarray(first, first + count), at),
      close: () => undefined
    }
  }
  const handle = openToReadSync(path)
  return {
    read: (first, count, target, at) => {
      const bytes = Buffer.alloc(count * width)
      const length = readSync(handle, bytes, 0, bytes.length, first * width)
      if (length < bytes.length) throw new Error(`${path} ends before id ${first + count}`)
      target.set(unpackTokens(bytes, width), at)
    },
    close: () => closeSync(handle)
  }
}
