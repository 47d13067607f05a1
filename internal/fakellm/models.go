package fakellm

// known are the models of the list. Any other name answers all the same.
var known = []string{"gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-3.5-turbo-instruct", "text-embedding-3-small"}

func modelObject(id string) obj {
	return obj{"id": id, "object": "model", "created": 1767225600, "owned_by": "fakellm"}
}

func (x *exchange) models() {
	list := []any{}
	for _, id := range known {
		list = append(list, modelObject(id))
	}
	x.json(obj{"object": "list", "data": list})
}

func (x *exchange) model(id string) {
	for _, k := range known {
		if k == id {
			x.json(modelObject(id))
			return
		}
	}
	writeError(x.w, ordered["error-404"])
}
