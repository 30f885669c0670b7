// usage: smoke.cjs PACKAGE_FOLDER — loads TensorFlow from there and checks that it computes.
'use strict'
const assert = require('node:assert')
/** @type {Record<string, unknown>} */
const util = require('node:util')

// Gone since Node 23, and still called by tfjs-node 4.22.0.
util['isNullOrUndefined'] ??= (/** @type {unknown} */ value) =>
  value === null || value === undefined
const tf = require(process.argv[2] ?? '')

assert.deepStrictEqual([...tf.add([1], [1]).dataSync()], [2])

const SIZE = 64
const matrix = tf
  .range(0, SIZE * SIZE)
  .reshape([SIZE, SIZE])
  .div(SIZE * SIZE)
const product = tf.matMul(matrix, matrix, false, true).dataSync()
for (const cell of [0, 3 * SIZE + 5, SIZE * SIZE - 2]) {
  const row = Math.floor(cell / SIZE)
  const column = cell % SIZE
  let sum = 0
  for (let k = 0; k < SIZE; k++) sum += ((row * SIZE + k) * (column * SIZE + k)) / SIZE ** 4
  const found = product[cell]
  assert(Math.abs(found - sum) <= 1e-5 * Math.max(1, sum), `${found} instead of ${sum}`)
}

const device = tf.backend().isUsingGpuDevice ? 'the GPU' : 'the CPU'
console.log(`1 + 1 and a matrix product are right, on ${device}`)
