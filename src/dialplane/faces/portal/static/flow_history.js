// Undo and redo: what was, as texts, so that nothing that happens later changes it.
const MOST = 200;

export class History {
  constructor(first) {
    this.past = [];
    this.present = JSON.stringify(first);
    this.future = [];
    this.mark = null;
  }

  // `mark` names what is being typed in: keystrokes in one field are undone together.
  add(actions, mark = null) {
    const next = JSON.stringify(actions);
    if (next === this.present) return;
    if (mark === null || mark !== this.mark) this.past = [...this.past, this.present].slice(-MOST);
    this.mark = mark;
    this.present = next;
    this.future = [];
  }

  undo() { return this.step(this.past, this.future); }
  redo() { return this.step(this.future, this.past); }

  step(from, to) {
    if (!from.length) return null;
    to.push(this.present);
    this.present = from.pop();
    this.mark = null;
    return JSON.parse(this.present);
  }
}
