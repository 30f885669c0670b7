/** Which wheels TensorFlow's native half and the tests' Electron come from, with sizes and SHA-256. */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Wheel
 * @property {string} name
 * @property {string} version
 * @property {string} file
 * @property {string} sha256
 * @property {number} bytes
 */

/** @typedef {'cpu' | 'gpu'} Flavour */

const pins = JSON.parse(readFileSync(new URL('pins.json', import.meta.url), 'utf8'))

/** @type {Record<Flavour, { laidBytes: number, wheels: Wheel[] }>} */
export const PINS = { cpu: pins.cpu, gpu: pins.gpu }

/** @type {{ version: string, laidBytes: number, wheel: Wheel }} the Electron of the tests */
export const ELECTRON = pins.electron
