/** Files and folders that were dropped or chosen, as a flat list with their paths. */

/** A file and its path below what was dropped, `/` between folders. */
export interface DroppedFile {
  path: string
  file: File
}

/** Files of a drop; those inside folders too. Hidden files (`.name`) are left out. */
export async function filesDropped(transfer: DataTransfer): Promise<DroppedFile[]> {
  // Entries must be asked for before anything is awaited: the list is empty afterwards.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null)
  const found = await Promise.all(entries.map((entry) => inside(entry)))
  return found.flat()
}

/** Files of an input, which may be one for folders. */
export function filesChosen(input: HTMLInputElement): DroppedFile[] {
  return [...(input.files ?? [])]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => !isHidden(path))
}

async function inside(entry: FileSystemEntry): Promise<DroppedFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (isHidden(path)) return []
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => {
      ;(entry as FileSystemFileEntry).file(done, fail)
    })
    return [{ path, file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: DroppedFile[] = []
  for (;;) {
    // A reader gives some hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail)
    )
    if (some.length === 0) return found
    for (const one of some) found.push(...(await inside(one)))
  }
}

function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'))
}
