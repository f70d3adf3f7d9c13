package iam

// view fills the typed view from the tree. Where an element is written twice the last one counts.
func (d *Document) view(a *arena) {
	if d.Root == nil || d.Root.Kind != Object {
		return
	}
	var statements *Node
	for _, m := range d.Root.Members {
		switch m.Key.Text {
		case "Version":
			d.Version = m.Value
		case "Id":
			d.ID = m.Value
		case "Statement":
			statements = m.Value
		}
	}
	switch {
	case statements == nil:
	case statements.Kind == Array:
		list := make([]Statement, len(statements.Items))
		d.Statements = make([]*Statement, len(list))
		for i, item := range statements.Items {
			d.Statements[i] = &list[i]
			list[i].view(i, item, a)
		}
	default:
		d.Statements = []*Statement{new(Statement)}
		d.Statements[0].view(0, statements, a)
	}
}

func (s *Statement) view(index int, n *Node, a *arena) {
	s.Node, s.Index = n, index
	for _, m := range n.Members {
		switch m.Key.Text {
		case "Sid":
			s.Sid = m.Value
		case "Effect":
			s.Effect = m.Value
		case "Principal":
			s.Principal = principalOf(m)
		case "NotPrincipal":
			s.NotPrincipal = principalOf(m)
		case "Action":
			s.Action = valuesOf(m, a)
		case "NotAction":
			s.NotAction = valuesOf(m, a)
		case "Resource":
			s.Resource = valuesOf(m, a)
		case "NotResource":
			s.NotResource = valuesOf(m, a)
		case "Condition":
			s.Condition, s.Conditions = m.Value, conditionsOf(m.Value, a)
		}
	}
}

func valuesOf(m Member, a *arena) *Values {
	return &Values{Key: m.Key, Node: m.Value, List: a.list(m.Value, func(k Kind) bool { return k == String })}
}

// list is n, or its items, as far as their kind is wanted. It shares the memory of the tree where nothing is left out.
func (a *arena) list(n *Node, want func(Kind) bool) []*Node {
	if n.Kind != Array {
		if !want(n.Kind) {
			return nil
		}
		return a.keep(n)
	}
	for i, item := range n.Items {
		if want(item.Kind) {
			continue
		}
		list := append([]*Node(nil), n.Items[:i]...)
		for _, item := range n.Items[i+1:] {
			if want(item.Kind) {
				list = append(list, item)
			}
		}
		return list
	}
	return n.Items
}

func principalOf(m Member) *Principal {
	p := &Principal{Key: m.Key, Node: m.Value, Any: m.Value.Kind == String && m.Value.Text == "*"}
	for _, of := range m.Value.Members {
		switch of.Value.Kind {
		case String:
			p.List = append(p.List, PrincipalValue{of.Key, of.Value})
		case Array:
			for _, item := range of.Value.Items {
				if item.Kind == String {
					p.List = append(p.List, PrincipalValue{of.Key, item})
				}
			}
		}
	}
	return p
}

func conditionsOf(n *Node, a *arena) []Condition {
	count := 0
	for _, block := range n.Members {
		count += len(block.Value.Members)
	}
	if count == 0 {
		return nil
	}
	scalar := func(k Kind) bool { return k == String || k == Number || k == Bool }
	list := make([]Condition, 0, count)
	for _, block := range n.Members {
		for _, m := range block.Value.Members {
			list = append(list, Condition{Operator: block.Key, Key: m.Key, Value: m.Value, Values: a.list(m.Value, scalar)})
		}
	}
	return list
}
