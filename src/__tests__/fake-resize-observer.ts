/** Lays elements out, as a browser would tell: jsdom has no layout. */
export class FakeResizeObserver {
  static all = new Set<FakeResizeObserver>();

  constructor(private _notify: () => void) {
    FakeResizeObserver.all.add(this);
  }

  observe(): void {}

  unobserve(): void {}

  disconnect(): void {
    FakeResizeObserver.all.delete(this);
  }

  static resize(): void {
    this.all.forEach(observer => observer._notify());
  }
}
