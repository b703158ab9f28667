// A measurement as a person reads it in a sentence.

/** At most seven significant digits: 23141.57, 0.1234568. */
export const figure = (measure: number): string => String(Number(measure.toPrecision(7)))
