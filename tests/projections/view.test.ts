import { expect, test } from 'vitest'
import { byCodeUnit, jsonFile, sortedByKey } from '../../projections/view.ts'

test('a JSON view begins with its asOf, is two spaces deep and ends with a newline', () => {
  expect(jsonFile('a.json', 7, () => ({ b: '1', a: [] })).text()).toBe(
    '{\n  "asOf": 7,\n  "b": "1",\n  "a": []\n}\n',
  )
})

test('nothing is printed before it is asked for', () => {
  const file = jsonFile('a.json', 7, () => {
    throw new Error('printed')
  })
  expect(file.path).toBe('a.json')
  expect(() => file.text()).toThrow('printed')
})

test('keys stand in code-unit order, which no locale changes', () => {
  const map = new Map([
    ['ä', 1],
    ['b', 2],
    ['Z', 3],
    ['a', 4],
  ])
  expect(Object.keys(sortedByKey(map, value => value))).toEqual(['Z', 'a', 'b', 'ä'])
  expect(['ä', 'a', 'B'].sort(byCodeUnit)).toEqual(['B', 'a', 'ä'])
})
