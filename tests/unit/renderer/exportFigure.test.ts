import { expect, test } from 'vitest'
import { fileName, wrap } from '../../../src/renderer/charts/exportFigure'

test('lines are broken between words and never lose one', () => {
  const text = 'dashed: proxy = sequential; line: least squares, 95 % band'
  const lines = wrap(text, 30)
  expect(lines.every((line) => line.length <= 30)).toBe(true)
  expect(lines.join(' ')).toBe(text)
  expect(wrap('averylongname short', 6)).toEqual(['averylongname', 'short'])
})

test('a title becomes a name that every file system takes', () => {
  expect(fileName('Spearman’s ρ by domain', 'svg')).toBe('Spearman-s-ρ-by-domain.svg')
  expect(fileName('../law sum', 'csv')).toBe('..-law-sum.csv')
  expect(fileName('///', 'png')).toBe('figure.png')
})
