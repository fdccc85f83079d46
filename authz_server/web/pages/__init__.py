"""The pages: what people do with the control plane, in HTML that works without JavaScript."""
