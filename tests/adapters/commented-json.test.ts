// JSON with comments reads like JSON, and names the line of whatever is wrong.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommentedJsonError, readCommentedJson } from '../../adapters/commented-json.ts'

const complaint = (text: string): string => {
  try {
    readCommentedJson(text)
  } catch (error) {
    if (error instanceof CommentedJsonError) return `${error.line}: ${error.message}`
    throw error
  }
  return 'none'
}

test('every JSON text reads as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 2), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(readCommentedJson(JSON.stringify(value, undefined, indent)).value).toEqual(value)
    }),
  )
})

test('comments and a comma after the last element are let pass', () => {
  const text = `// a book
  {
    "a": [1, 2, /* between */ 3,], // the end of a line
    /* over
       two lines */
    "b": { "c": "http://not/*a comment*/", },
  }
  // at the end`
  expect(readCommentedJson(text).value).toEqual({ a: [1, 2, 3], b: { c: 'http://not/*a comment*/' } })
})

test('every value knows its line, whatever stands above it', () => {
  const { lines } = readCommentedJson('{\n  /* two\n lines */ "a": {\n "b": [\n {"c": 1},\n {"c": 2}]\n}}')
  expect(Object.fromEntries(lines)).toEqual({
    a: 3,
    'a.b': 4,
    'a.b.0': 5,
    'a.b.0.c': 5,
    'a.b.1': 6,
    'a.b.1.c': 6,
  })
})

test('a byte order mark is no character of the text', () => {
  expect(readCommentedJson('\uFEFF{"a":1}').value).toEqual({ a: 1 })
})

test('a key with a meaning to JavaScript is a key like any other', () => {
  const value = readCommentedJson('{"__proto__": {"book": "x"}}').value as object
  expect(Object.keys(value)).toEqual(['__proto__'])
  expect('book' in value).toBe(false)
})

test.each([
  ['{"a": 1,\n"a": 2}', '2: the key "a" is there twice'],
  ['{"a": 1\n"b": 2}', '2: expected a comma or }, found "\\""'],
  ['{"a" 1}', '1: expected a colon after "a", found "1"'],
  ['{a: 1}', '1: expected a key in double quotes, found "a"'],
  ['{"a": \n}', '2: expected a value, found "}"'],
  ['{"a": True}', '1: expected a value, found "T"'],
  ['{"a": NaN}', '1: expected a value, found "N"'],
  ['{"a": [,]}', '1: expected a value, found ","'],
  ['{,}', '1: expected a key in double quotes, found ","'],
  ['{"a": 1,,}', '1: expected a key in double quotes, found ","'],
  ['{"a": 01}', '1: expected a comma or }, found "1"'],
  ['{"a": "b\n"}', '1: a text has no closing quote on its line'],
  ['{"a": "\\x"}', '1: a text has a character or an escape that JSON does not allow'],
  ['{\n/* "a": 1}', '2: a comment that begins with /* has no */'],
  ['{"a": 1}\n{', '2: expected the end of the file, found "{"'],
  ['', '1: expected a value, found the end of the file'],
  ['{"a": 1', '1: expected a comma or }, found the end of the file'],
  ['['.repeat(200), '1: nested deeper than 100 levels'],
])('%j is refused with its line', (text, sentence) => {
  expect(complaint(text)).toBe(sentence)
})
