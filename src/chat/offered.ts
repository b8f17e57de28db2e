import { ISignal, Signal } from '@lumino/signaling';

import { ISuggestion, IWord, Suggester } from './suggestions';

/** The suggestions for the word being typed, and which of them is selected. */
export class Offered {
  constructor(private _suggester: Suggester) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get suggestions(): readonly ISuggestion[] {
    return this._suggestions;
  }

  /** The index of the suggestion that Enter accepts. */
  get selected(): number {
    return this._selected;
  }

  /** The word they are for. */
  get word(): IWord | null {
    return this._word;
  }

  select(index: number): void {
    const { length } = this._suggestions;
    this._selected = (index + length) % length;
    this._changed.emit();
  }

  /** Withdraw them. */
  dismiss(): void {
    this._word = null;
    this._show([]);
  }

  /** Find those for a word in a notebook, or for none. */
  async find(path: string, word: IWord | null): Promise<void> {
    this._word = word;
    this._selected = 0;
    if (word === null || !path) {
      this._show([]);
    } else if (word.sign === '/') {
      this._show(this._suggester.commands(word.query));
    } else {
      for await (const found of this._suggester.things(path, word.query)) {
        if (this._word !== word) {
          return; // the user has typed on
        }
        this._show(found);
      }
    }
  }

  /** Find them again, since there may be others now. */
  refresh(path: string): void {
    if (this._word?.sign === '@' && this._suggestions.length > 0) {
      void this.find(path, this._word);
    }
  }

  private _show(suggestions: ISuggestion[]): void {
    this._suggestions = suggestions;
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _selected = 0;
  private _suggestions: readonly ISuggestion[] = [];
  private _word: IWord | null = null;
}
