/** Which documents an import takes when it is told to take only so much of each partition. */
import { CONTENT_HASH_BYTES, contentHash, drawOf } from './documentHash'
import { partitioned } from './partitionedDocuments'
import type { ImportHooks, ImportRequest, Sample } from './partitionedDocuments'
import { isKnownInAdvance } from './partitionRules'
import { progressOf } from './readProgress'
import type { SourceFile } from './sources'

/**
 * How much more text than wanted is looked at in a file whose documents all belong to one
 * partition: so many documents in eight are passed over, and a large file is not read to its end.
 */
const LOOK_AT = 8

/**
 * Chooses documents by the draws in their hashes, the lowest first, until a partition has the
 * bytes wanted; so a larger sample holds every smaller one.
 *
 * Reads the sources once beforehand and keeps 16 bytes per document. Where the partition is known
 * from the file, each file gives in proportion to its size, and is read only until
 * eight times its part has been seen.
 *
 * @param bytesWanted UTF-8 bytes per partition
 */
export async function chooseSample(
  files: SourceFile[],
  request: ImportRequest,
  bytesWanted: number,
  hooks: ImportHooks
): Promise<Sample> {
  const seen = await lookAtDocuments(files, request, bytesWanted, hooks)
  const taken = new Uint8Array(seen.draws.length)
  for (const members of seen.members.values()) {
    members.sort((a, b) => seen.draws[a]! - seen.draws[b]! || a - b)
    let bytes = 0
    for (const ordinal of members) {
      if (bytes >= bytesWanted) break
      taken[ordinal] = 1
      bytes += seen.bytes[ordinal]!
    }
  }
  return {
    isTaken: (ordinal) => taken[ordinal] === 1,
    endOfFile: seen.endOfFile,
    lastOfFile: seen.endOfFile.map((end, source) => {
      const begin = source === 0 ? 0 : seen.endOfFile[source - 1]!
      const last = taken.lastIndexOf(1, end - 1)
      return end > begin && last >= begin ? last : -1
    })
  }
}

async function lookAtDocuments(
  files: SourceFile[],
  request: ImportRequest,
  bytesWanted: number,
  hooks: ImportHooks
): Promise<{
  draws: number[]
  bytes: number[]
  members: Map<string, number[]>
  endOfFile: number[]
}> {
  const draws: number[] = []
  const bytes: number[] = []
  const members = new Map<string, number[]>()
  const endOfFile: number[] = []
  const enough = bytesToLookAt(files, request, bytesWanted)
  for (const [source, file] of files.entries()) {
    let lookedAt = 0
    const ofFile = partitioned([file], { ...request, keepFields: [] }, null, {
      ...(hooks.signal ? { signal: hooks.signal } : {}),
      onProgress: (progress) =>
        hooks.onProgress?.(progressOf('import: choosing', file.label, progress)),
      onBadLine: () => undefined
    })
    for await (const { document, partition } of ofFile) {
      const hash = Buffer.alloc(CONTENT_HASH_BYTES)
      contentHash(document.text).copy(hash)
      const list = members.get(partition)
      if (list) list.push(draws.length)
      else members.set(partition, [draws.length])
      draws.push(drawOf(hash, 0, 'take'))
      bytes.push(Buffer.byteLength(document.text))
      lookedAt += bytes.at(-1)!
      if (lookedAt >= enough[source]!) break
    }
    endOfFile.push(draws.length)
  }
  return { draws, bytes, members, endOfFile }
}

/** Per file, the text after which no more is looked at. */
function bytesToLookAt(files: SourceFile[], request: ImportRequest, bytesWanted: number): number[] {
  const { kind } = request.partition
  if (!isKnownInAdvance(request.partition)) return files.map(() => Infinity)
  const groupOf = (file: SourceFile): string =>
    kind === 'one' ? '' : kind === 'folder' ? file.folder : file.label
  const sizes = new Map<string, number>()
  for (const file of files) {
    sizes.set(groupOf(file), (sizes.get(groupOf(file)) ?? 0) + file.bytes)
  }
  return files.map((file) => (LOOK_AT * bytesWanted * file.bytes) / sizes.get(groupOf(file))!)
}
