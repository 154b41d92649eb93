// TokenTrie: a prefix tree over the texts of added tokens.
package dev.gatun.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Finds the longest token at a place in time proportional to its length, however many tokens there are. */
final class TokenTrie {
  /** A token found, and where it ends. */
  record Match(AddedToken token, int end) {}

  private static final class Node {
    final char label;
    final List<Node> children = new ArrayList<>(1);
    AddedToken token;

    Node(char label) {
      this.label = label;
    }

    Node child(char c) {
      for (Node child : children) {
        if (child.label == c) {
          return child;
        }
      }
      return null;
    }
  }

  private final Node root = new Node('\0');
  private final BitSet first = new BitSet();

  /** Adds {@code token} under {@code text}; an empty text matches nowhere. */
  void add(String text, AddedToken token) {
    if (text.isEmpty()) {
      return;
    }
    first.set(text.charAt(0));
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      Node child = node.child(text.charAt(i));
      if (child == null) {
        child = new Node(text.charAt(i));
        node.children.add(child);
      }
      node = child;
    }
    node.token = token;
  }

  /** The first place at or after {@code from} where a token might start, or the end of {@code text}. */
  int next(String text, int from) {
    int at = from;
    while (at < text.length() && !first.get(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** The longest token that starts at {@code start}, or null. */
  Match longest(String text, int start) {
    Match longest = null;
    Node node = root;
    for (int at = start; at < text.length(); at++) {
      node = node.child(text.charAt(at));
      if (node == null) {
        break;
      }
      if (node.token != null) {
        longest = new Match(node.token, at + 1);
      }
    }
    return longest;
  }
}
