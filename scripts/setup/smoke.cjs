// usage: smoke.cjs PACKAGE_FOLDER — loads TensorFlow from there and checks that it computes.
'use strict'
const assert = require('node:assert')
const util = require('node:util')

// Gone since Node 23, and still called by tfjs-node 4.22.0.
util.isNullOrUndefined ??= (value) => value === null || value === undefined
const tf = require(process.argv[2])

assert.deepStrictEqual([...tf.add([1], [1]).dataSync()], [2])
const size = 64
const left = tf.range(0, size * size).reshape([size, size]).div(size * size)
const product = tf.matMul(left, left, false, true).dataSync()
for (const [row, column] of [[0, 0], [3, 5], [63, 62]]) {
  let sum = 0
  for (let k = 0; k < size; k++) {
    sum += ((row * size + k) / size ** 2) * ((column * size + k) / size ** 2)
  }
  const found = product[row * size + column]
  assert(Math.abs(found - sum) <= 1e-5 * Math.max(1, sum), `${found} instead of ${sum}`)
}
const backend = tf.backend()
console.log(`1 + 1 and a matrix product are right, on ${backend.isUsingGpuDevice ? 'the GPU' : 'the CPU'}`)
