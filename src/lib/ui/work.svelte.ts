/** Work that a reload would cut off: while there is any, no update of the app is offered. */
class Work {
  #running = $state(0);

  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Counts a piece of work as running until it is over, and gives what it gives. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await work;
    } finally {
      this.#running -= 1;
    }
  }
}

export const work = new Work();
