// Figures by name: of each symbol, wisher or strategy as they come.

/** What is kept under a name, to be added to; one that is new begins with nothing. */
export const groupIn = <Sums>(groups: Map<string, Sums>, name: string, nothing: () => Sums): Sums => {
  const known = groups.get(name)
  if (known !== undefined) return known
  const begun = nothing()
  groups.set(name, begun)
  return begun
}
