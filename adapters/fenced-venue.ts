// A venue that hears only from the executor that holds the book. What cannot be taken back is asked for at the last
// moment: the lease must stand, by this machine's own clock, when the order leaves.

import type { Lease } from '../domain/remote-store.ts'
import type { Venue } from '../domain/venue.ts'

export const fencedVenue = (venue: Venue, lease: () => Lease | undefined): Venue => {
  const requireHeld = () => lease()?.requireHeld()
  return {
    ...venue,
    place: async request => {
      requireHeld()
      return venue.place(request)
    },
    cancel: async (...given) => {
      requireHeld()
      return venue.cancel(...given)
    },
  }
}
