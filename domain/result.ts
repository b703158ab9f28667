// The one door to fp-ts. Nothing else imports it, so that the choice can be revisited in this file.
//
// Only the `lib` paths work everywhere: `fp-ts/Either` passes the compiler and the test runner and then
// fails in Node itself, because the package has no `exports` map. And of those only the core that Either and Option
// are made from: loading the two of them whole takes as long as everything else a short command does. The core has
// no types of its own; it has theirs.

import type * as either from 'fp-ts/lib/Either.js'
import * as core from 'fp-ts/lib/internal.js'
import type * as option from 'fp-ts/lib/Option.js'

export type { Either } from 'fp-ts/lib/Either.js'
export type { Option } from 'fp-ts/lib/Option.js'

type Core = Pick<typeof either, 'isLeft' | 'isRight' | 'left' | 'right'> &
  Pick<typeof option, 'isNone' | 'isSome' | 'none' | 'some'>

export const { isLeft, isRight, left, right, isNone, isSome, none, some } = core as unknown as Core
