"""What tests ask a page in the browser: small scripts, with what they answer."""

from typing import Final

# The bytes of the page and of all that it has loaded, before any compression.
WEIGHT: Final = """async () => {
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const icons = [...document.querySelectorAll("link[rel~=icon]")].map(link => link.href);
  const unseen = icons.filter(href => entries.every(entry => entry.name !== href));
  const size = href => fetch(href).then(answer => answer.blob()).then(blob => blob.size);
  const sizes = await Promise.all(unseen.map(size));
  return entries.map(entry => entry.decodedBodySize).concat(sizes).reduce((sum, size) => sum + size, 0);
}"""
# What sticks out, for whoever looks at a failure; what scrolls by itself may hold wider things.
STICKS_OUT: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const name = element => element.outerHTML.slice(0, 120);
  const outside = element => element.getBoundingClientRect().right > width + 0.5;
  return ["the page", ...[...document.querySelectorAll("body *")].filter(outside).map(name).slice(0, 5)];
}"""
# For each table with rows: whether the cells of a row are side by side.
SIDE_BY_SIDE: Final = """() => [...document.querySelectorAll("table")].flatMap(table => {
  if (!table.checkVisibility()) return [];
  const row = table.tBodies[0] && table.tBodies[0].rows[0];
  if (!row) return [];
  const cells = [...row.cells].map(cell => cell.getBoundingClientRect()).filter(box => box.height > 0);
  return [cells.length < 2 || cells.slice(1).every((box, index) => box.left >= cells[index].right - 1)];
})"""

# Numbers everything that a mouse could use (of radio buttons of one name, the one that Tab goes to).
MARK: Final = """() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable]";
  const groups = new Set();
  const found = [...document.querySelectorAll(usable)].filter(element => {
    if (element.disabled || !element.checkVisibility({visibilityProperty: true})) return false;
    if (element.type !== "radio") return true;
    const group = [...document.getElementsByName(element.name)];
    if (!element.checked && group.some(each => each.checked)) return false;
    return !groups.has(element.name) && groups.add(element.name);
  });
  const look = element => {
    const style = getComputedStyle(element);
    return [style.boxShadow, style.borderColor].join();
  };
  found.forEach((element, index) => { element.dataset.tabTest = index; element.dataset.tabLook = look(element); });
  if (document.activeElement) document.activeElement.blur();
  return found.map(element => element.outerHTML.slice(0, 160));
}"""
# The number of what has the focus, and what is wrong with how it shows that.
FOCUSED: Final = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const changed = [style.boxShadow, style.borderColor].join() !== element.dataset.tabLook;
  const box = element.getBoundingClientRect();
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const top = inside && document.elementFromPoint(
    (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2,
    (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2,
  );
  const label = element.labels && [...element.labels].some(each => each.contains(top));
  const hidden = !top || !(element.contains(top) || top.contains(element) || label);
  const wrong = !(outlined || changed) ? "no visible focus" : hidden ? "under something else, or outside" : "";
  return [element.dataset.tabTest === undefined ? -1 : Number(element.dataset.tabTest), wrong,
          element.outerHTML.slice(0, 160)];
}"""
# Milliseconds from the start of the navigation to the first contentful paint, once there was one.
FIRST_PAINT: Final = """() => new Promise(resolve => {
  new PerformanceObserver((entries, observer) => {
    for (const entry of entries.getEntriesByName("first-contentful-paint")) {
      observer.disconnect();
      resolve(entry.startTime);
    }
  }).observe({type: "paint", buffered: true});
})"""
# Every form that changes something: where it is sent, and its fields but for the proof that it is ours.
FORMS: Final = """() => [...document.forms].filter(form => form.method === "post").map(form => {
  const data = new FormData(form);
  data.delete("csrf_token");
  return [form.action, Object.fromEntries(data)];
})"""
# The longest time, in seconds, that anything on the page moves for.
LONGEST_MOTION: Final = """() => {
  const seconds = text => text.split(",").map(each => parseFloat(each) * (each.trim().endsWith("ms") ? 0.001 : 1));
  const styles = [...document.querySelectorAll("*")].map(element => getComputedStyle(element));
  return Math.max(...styles.flatMap(style => {
    const moves = style.animationName === "none" ? [] : seconds(style.animationDuration);
    return [...seconds(style.transitionDuration), ...moves];
  }));
}"""
