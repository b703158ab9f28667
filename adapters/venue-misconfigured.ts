// What an operator has to mend before a venue can be used: exit code 78, and nothing was written or sent.

export class VenueMisconfigured extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'VenueMisconfigured'
  }
}
