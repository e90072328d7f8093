"""Tables of data against tables that only put things side by side."""

from selectolax.lexbor import LexborNode

_MAX_CELLS = 30
_MAX_NODES = 30
_MAX_LETTERS = 200

_CELLS = frozenset(("td", "th"))
_NEVER_IN_A_CELL = frozenset(
    "table ul ol dl blockquote pre hr h1 h2 h3 h4 h5 h6 form fieldset".split()
)
_LINES = frozenset("p div section article address center br li".split())


def is_row_of_data(row: LexborNode) -> bool:
    """Tell whether every cell is one short line, so that the row can be one line, too."""
    cells = 0
    cell = row.first_child
    while cell is not None:
        if cell.is_element_node and cell.tag in _CELLS:
            cells += 1
            if cells > _MAX_CELLS or not _is_one_line(cell):
                return False
        cell = cell.next
    return cells > 1


def _is_one_line(cell: LexborNode) -> bool:
    letters = lines = depth = 0
    begun = True
    node = cell.first_child
    for _ in range(_MAX_NODES):
        if node is None:
            return True
        if node.is_text_node:
            text = (node.text_content or "").strip()
            lines += bool(text and begun)
            begun = begun and not text
            letters += len(text)
        elif node.tag in _NEVER_IN_A_CELL:
            return False
        begun = begun or node.tag in _LINES
        if lines > 1 or letters > _MAX_LETTERS:
            return False
        node, depth = _following(node, depth)
    return False


def _following(node: LexborNode, depth: int) -> tuple[LexborNode | None, int]:
    """Return the next node in the order of the document, and how deep in the cell it stands."""
    if node.first_child is not None:
        return node.first_child, depth + 1
    while node.next is None:
        parent = node.parent
        if parent is None or depth == 0:
            return None, 0
        node, depth = parent, depth - 1
    return node.next, depth
