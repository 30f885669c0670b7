/** A Debian package of the unpacked application, by dpkg-deb alone. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { formatSize } from '../setup/progress.mjs'
import { mustRun } from '../setup/run.mjs'

/** What Electron and TensorFlow link against. */
const DEPENDS =
  'libc6, libstdc++6, libgtk-3-0, libnss3, libgbm1, libasound2, libxss1, libxtst6, libnotify4, xdg-utils'

/** @type {[size: string, from: string, to: string][]} */
const ICONS = [
  ['512x512', 'icon.png', 'assay.png'],
  ['32x32', 'icon-32.png', 'assay.png'],
  ['scalable', 'icon.svg', 'assay.svg']
]

/**
 * @param {string} root of the clone
 * @param {string} unpacked the application's folder
 * @param {string} out
 * @param {string} version
 */
export async function buildDeb(root, unpacked, out, version) {
  const tree = join(out, 'deb')
  const put = (/** @type {string} */ path, /** @type {string} */ text) => {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  mkdirSync(join(tree, 'opt'), { recursive: true })
  // Links, where the disk can: the same gigabyte is not written twice.
  await mustRun('Laying out the .deb', 'Free some space.', 'cp', [
    '-al',
    unpacked,
    join(tree, 'opt', 'Assay')
  ])
  // Where the system gives no user namespaces, Chromium's sandbox needs this program to be root's.
  const sandbox = join(tree, 'opt', 'Assay', 'chrome-sandbox')
  const program = readFileSync(sandbox)
  rmSync(sandbox)
  writeFileSync(sandbox, program)
  chmodSync(sandbox, 0o4755)
  put('DEBIAN/control', control(version))
  put('usr/share/applications/assay.desktop', DESKTOP)
  put('usr/share/mime/packages/assay.xml', MIME)
  put('usr/bin/assay-workbench', '#!/bin/sh\nexec /opt/Assay/assay "$@"\n')
  await mustRun('chmod', 'Run it again.', 'chmod', ['755', join(tree, 'usr/bin/assay-workbench')])
  for (const [size, from, to] of ICONS) {
    const folder = join(tree, 'usr', 'share', 'icons', 'hicolor', size, 'apps')
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(root, 'resources', from), join(folder, to))
  }
  const file = join(out, `assay_${version}_amd64.deb`)
  await mustRun('dpkg-deb', 'Install it with: apt-get install dpkg', 'dpkg-deb', [
    ...['-Zzstd', '-z3', '--root-owner-group', '--build'],
    tree,
    `${file}.draft`
  ])
  renameSync(`${file}.draft`, file)
  rmSync(tree, { recursive: true })
  return formatSize(statSync(file).size)
}

/** @param {string} version */
function control(version) {
  return `Package: assay
Version: ${version}
Section: science
Priority: optional
Architecture: amd64
Depends: ${DEPENDS}
Maintainer: Assay <assay@localhost>
Description: What a data mixture is worth, before anyone trains on it
 A workbench for language-model researchers: small models trained on the units
 of a corpus are averaged, and the perplexity of the average stands for the
 model that would have been trained on the mixture.
`
}

const DESKTOP = `[Desktop Entry]
Type=Application
Name=Assay
Comment=What a data mixture is worth, before anyone trains on it
Exec=/opt/Assay/assay %f
Icon=assay
Terminal=false
Categories=Science;
MimeType=application/x-assay-project;
StartupWMClass=Assay
`

const MIME = `<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-assay-project">
    <comment>Assay project</comment>
    <icon name="assay"/>
    <glob pattern="*.assay"/>
  </mime-type>
</mime-info>
`
