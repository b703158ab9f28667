// The one door to fp-ts. Nothing else imports it, so that the choice can be revisited in this file.
//
// Only the `lib` paths work everywhere: `fp-ts/Either` passes the compiler and the test runner and then
// fails in Node itself, because the package has no `exports` map.

export type { Either } from 'fp-ts/lib/Either.js'
export { isLeft, isRight, left, right } from 'fp-ts/lib/Either.js'
export { pipe } from 'fp-ts/lib/function.js'
export type { Option } from 'fp-ts/lib/Option.js'
export { getOrElse, isNone, isSome, map, none, some } from 'fp-ts/lib/Option.js'
