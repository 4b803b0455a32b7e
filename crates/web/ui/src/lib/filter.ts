// The filter syntax of lists: `violin -test loss<0.1 split:validation`.

/** How a list provides the text and fields of a row. */
export interface Fields<T> {
  /** The text that plain words are searched in. */
  text: (row: T) => string
  /** The value of a named field; undefined if the list has no such field. */
  field: (row: T, name: string) => string | number | undefined
}

type Test<T> = (row: T) => boolean

/** A predicate for rows: every word must match, except those after a minus, which must not. */
export function compile<T>(filter: string, fields: Fields<T>): Test<T> {
  const tests = filter.trim().split(/\s+/).filter(Boolean).map((word) => testOf(word, fields))
  return (row) => tests.every((test) => test(row))
}

function testOf<T>(word: string, fields: Fields<T>): Test<T> {
  if (word.startsWith('-') && word.length > 1) {
    const test = testOf(word.slice(1), fields)
    return (row) => !test(row)
  }
  const comparison = /^([\p{L}_.]+)(<=|>=|<|>|=|:)(.+)$/u.exec(word)
  if (comparison) {
    const [, name = '', sign = '', wanted = ''] = comparison
    return (row) => {
      const value = fields.field(row, name.toLowerCase())
      // With an unknown field name, the whole is a plain word that happens to contain an operator.
      return value === undefined ? has(fields.text(row), word) : compare(value, sign, wanted)
    }
  }
  return (row) => has(fields.text(row), word)
}

const has = (text: string, word: string): boolean => text.toLowerCase().includes(word.toLowerCase())

function compare(value: string | number, sign: string, wanted: string): boolean {
  if (sign === ':') return has(String(value), wanted)
  if (sign === '=') return String(value).toLowerCase() === wanted.toLowerCase()
  const [left, right] = [Number(value), Number(wanted)]
  switch (sign) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    default:
      return left >= right
  }
}
